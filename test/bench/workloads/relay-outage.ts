/** G: what a sink that is down costs the client in memory, while a million envelopes pile up for it. */
import { relayedAnew } from '../src/relayed.ts';
import type { WholeRelay } from '../src/whole-relay.ts';
import type { Pace, Values, Workload } from '../src/workload.ts';

const BEHIND = 1_000_000;
const MIB = 1024 * 1024;

export default {
  name: 'relay-outage',
  about: 'memory of the client, over what it was at the start, with a million envelopes of 300 B in the journal',
  baseline: 'its only sink is down',
  anew: true,
  figures: {
    memory: { unit: 'MiB more, at most', better: 'lower' },
    ingest: { unit: 'events/s to the journal', better: 'higher' },
  },
  contenders: {
    'its only sink is down': () => relayedAnew({ sinks: { http: '/down' } }, round),
    'one of two sinks hangs': () => relayedAnew({ sinks: { other: '/tee', http: '/hung' } }, round),
  },
} satisfies Workload;

/** The journal fills once: a round is a chain of its own. */
async function round(relay: WholeRelay, { seconds }: Pace): Promise<Values> {
  // A warm-up of what every client does, before what the backlog adds is measured.
  await relay.flood({ events: 20_000 });
  const start = await relay.client();
  const behind = Math.round(BEHIND * Math.min(1, seconds / 2));
  const began = performance.now();
  let most = 0;
  for (let part = 0; part < 10; part++) {
    await relay.flood({ events: behind / 10 });
    most = Math.max(most, (await relay.client()).rss);
  }
  const took = (performance.now() - began) / 1000;
  return { memory: (most - start.rss) / MIB, ingest: behind / took };
}
