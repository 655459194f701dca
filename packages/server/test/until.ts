/** Waiting for something to become so, without a sleep: other events are let through until it is. */
import { setImmediate as turn } from 'node:timers/promises';

const DEADLINE_MS = 10_000;

export async function until(what: string, so: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!so()) {
    if (performance.now() > deadline) throw new Error(`still not so: ${what}`);
    await turn();
  }
}

/** Enough turns of the event loop for whatever was going to happen in process to have happened. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}
