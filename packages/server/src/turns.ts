/** Waiting for what has already arrived. PROTOCOL.md section 3.7. */
import { setImmediate as turn } from 'node:timers/promises';

/** A connection is accepted in one turn of the event loop and read in the next; libuv accepts one a turn. */
const QUIET_TURNS = 3;
/** On a server that is never quiet. */
const MOST_TURNS = 100;

/**
 * Resolves when what has reached this machine's sockets has been read: when `arrivals`, a count of whatever can carry bytes, stands still for
 * some turns of the event loop.
 */
export async function socketsRead(arrivals: () => number): Promise<void> {
  let before = arrivals();
  for (let turns = 0, quiet = 0; turns < MOST_TURNS && quiet < QUIET_TURNS; turns++) {
    await turn();
    quiet = arrivals() === before ? quiet + 1 : 0;
    before = arrivals();
  }
}
