import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `done`, or when `mostMs` have passed: what is missing then is for the oracle to say. */
export async function until(done: () => boolean, mostMs: number): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!done() && performance.now() < deadline) await sleep(10);
}

/** Asks again and again until the answer is yes; false if it was not when `mostMs` had passed. */
export async function untilAsync(done: () => Promise<boolean>, mostMs: number): Promise<boolean> {
  const deadline = performance.now() + mostMs;
  while (performance.now() < deadline) {
    if (await done()) return true;
    await sleep(10);
  }
  return false;
}
