/** What a server holds in memory for each of many things: measured before and after, once it has given back what it does not need. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer, Served } from '../peers/peer.ts';
import { rssOf } from './proc.ts';
import type { Running } from './program.ts';

const SETTLE_MS = 300;

/** The first of them make the server's code hot, and its heap as large as requests make it. */
export interface Filling {
  readonly first: number;
  readonly count: number;
  /** Adds so many, numbered from `from`, that stay as long as the server does. */
  fill(served: Served, from: number, count: number): Promise<unknown>;
}

/** KiB for each. The server is a new one: what a heap has once grown to it keeps. */
export async function kibEach(peer: Peer, { first, count, fill }: Filling): Promise<number> {
  const served = await peer();
  try {
    await fill(served, 0, first);
    const before = await settledRss(served.running);
    await fill(served, first, count);
    return ((await settledRss(served.running)) - before) / 1024 / count;
  } finally {
    await served.running.stop();
  }
}

/** Resident bytes. Servers of Node collect their garbage first; others take no orders, and nothing is lost on their stdin. */
async function settledRss(running: Running): Promise<number> {
  for (let times = 0; times < 3; times++) {
    running.tell('collect');
    await sleep(SETTLE_MS);
  }
  return rssOf(running.pid);
}
