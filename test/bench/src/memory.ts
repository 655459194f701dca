/** How much memory a server holds, after it has had the time and the order to give back what it does not need. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rssOf } from './proc.ts';
import type { Running } from './program.ts';

const SETTLE_MS = 300;

/** Resident bytes. Servers of Node collect their garbage first; others take no orders, and nothing is lost on their stdin. */
export async function settledRss(running: Running): Promise<number> {
  for (let times = 0; times < 3; times++) {
    running.tell('collect');
    await sleep(SETTLE_MS);
  }
  return rssOf(running.pid);
}
