/** A process of its own for one client under one fault: hands over events at a rate, waits, ends the client in its own way, and says what it said. */
import { setTimeout as sleep } from 'node:timers/promises';
import { idOf } from '@runnel/faults/feed';
import { PEERS } from './peers.ts';

export interface Task {
  readonly peer: string;
  readonly url: string;
  readonly events: number;
  /** A second; null: all at once. */
  readonly rate: number | null;
  readonly endMs: number;
}

export interface Outcome {
  readonly shutdownMs: number;
  /** What its way to end came to. */
  readonly shutdown: string;
  /** Sentences on its channel for errors, and the first of them. */
  readonly errors: number;
  readonly firstError?: string;
}

/** Told to the parent when the first event is handed over. */
export type Said = 'begun' | Outcome;

process.once('message', async (task: Task) => {
  process.send?.((await run(task)) satisfies Said, () => process.exit());
});

async function run({ peer: name, url, events, rate, endMs }: Task): Promise<Outcome> {
  const errors: string[] = [];
  const peer = PEERS.find((each) => each.name === name);
  if (!peer) throw new Error(`no peer is called ${name}`);
  const sender = await peer.start(url, (sentence) => errors.push(sentence));
  const began = performance.now();
  process.send?.('begun' satisfies Said);
  for (let n = 1; n <= events; n++) {
    const due = rate === null ? 0 : ((n - 1) / rate) * 1000;
    const early = due - (performance.now() - began);
    if (early > 0) await sleep(early);
    sender.send(idOf('demo', n));
  }
  await sleep(Math.max(0, endMs - (performance.now() - began)));
  const ending = performance.now();
  const shutdown = await sender.shutdown().catch((error: unknown) => `rejected: ${String(error)}`);
  const shutdownMs = Math.round(performance.now() - ending);
  // Where the packages are on this machine says nothing about them.
  const firstError = errors[0]?.replaceAll(/\S*\/node_modules\//g, '').slice(0, 300);
  return { shutdownMs, shutdown, errors: errors.length, ...(firstError && { firstError }) };
}
