/** Waiting for what has already arrived. PROTOCOL.md section 3.7. */
import { setImmediate as turn } from 'node:timers/promises';

/** A connection is accepted in one turn of the event loop and read in the next. */
const LEAST_TURNS = 3;
const MOST_TURNS = 64;

/** Resolves when the bytes that have reached this machine's sockets have been read: when `bytesIn` stands still from one turn of the event loop to the next. */
export async function socketsRead(bytesIn: () => number): Promise<void> {
  for (let turns = 1, before = -1; turns <= MOST_TURNS; turns++) {
    if (turns > LEAST_TURNS && bytesIn() === before) return;
    before = bytesIn();
    await turn();
  }
}
