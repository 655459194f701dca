/** Waiting for what has already arrived. PROTOCOL.md section 3.7. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@runnel/protocol';

/** A connection is accepted in one turn of the event loop and read in the next; libuv accepts one a turn. */
const QUIET_TURNS = 3;
/** On a server that is never quiet. */
const MOST_TURNS = 100;
/** On one whose turns are long: so much time, but so many turns in any case. */
const MOST_MS = 500;
const FAIR_TURNS = 16;

/**
 * Resolves when what has reached this machine's sockets has been read: when `arrivals`, a count of connections and bytes, stands still for some
 * turns of the event loop.
 */
export async function socketsRead(clock: Clock, arrivals: () => number): Promise<void> {
  const until = clock.now() + MOST_MS;
  let before = arrivals();
  for (let turns = 0, quiet = 0; turns < MOST_TURNS && quiet < QUIET_TURNS; turns++) {
    if (turns >= FAIR_TURNS && clock.now() > until) return;
    await turn();
    quiet = arrivals() === before ? quiet + 1 : 0;
    before = arrivals();
  }
}
