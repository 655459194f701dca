import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `done`, or when `mostMs` have passed: what is missing then is for the oracle to say. */
export async function until(done: () => boolean, mostMs: number): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!done() && performance.now() < deadline) await sleep(10);
}
