/** Workloads of one publisher, one channel and readers: what a round asks the generator for, and what it measures. */
import type { Peer } from '../peers/peer.ts';
import { load } from './load.ts';
import { atRest } from './proc.ts';
import type { Contender, Figure, Values } from './workload.ts';

export interface StreamOptions {
  readonly readers?: number;
  /** Bytes of an event. */
  readonly size?: number;
  /** Events in one publication. */
  readonly lines?: number;
  /** Events a second; default: as fast as they are taken. */
  readonly rate?: number;
}

/** The share of its core that the generator was busy: near 1 it is the generator that is measured. */
export const generator: Figure = { unit: 'of its core busy', better: 'lower' };

let round = 0;

/** A contender that a server is, under a stream. Every round has a channel of its own. */
export async function streamed(peer: Peer, options: StreamOptions): Promise<Contender> {
  const { running, flags } = await peer();
  return {
    async round({ seconds }): Promise<Values> {
      const channel = `bench-${process.pid}-${++round}`;
      const values = await load('stream', { ...flags, ...options, channel, seconds, pid: running.pid });
      await atRest(running.pid);
      if (options.rate === undefined && values.lost !== 0) throw new Error(`${values.lost} events did not arrive`);
      const { p50 = 0, p99 = 0, perSecond = 0, cpuPerDelivery = 0, busy = 0, lost = 0 } = values;
      return { rate: perSecond, p50, p99, cpu: cpuPerDelivery, lost, generator: busy };
    },
    close: () => running.stop(),
  };
}

/** The same stream on each of the peers. */
export function onEach(peers: Readonly<Record<string, Peer>>, options: StreamOptions) {
  return Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, () => streamed(peer, options)]));
}
