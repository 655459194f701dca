/** G: emit to acknowledged by an HTTP sink, as fast as the whole chain goes. No process is pinned: they share the machine as they do at a user's. */
import { relayed } from '../src/relayed.ts';
import type { WholeRelay } from '../src/whole-relay.ts';
import type { Pace, Values, Workload } from '../src/workload.ts';

const cpu = { unit: 'us/event', better: 'lower' } as const;

export default {
  name: 'relay-throughput',
  about: 'envelopes of 300 B from emit through server, client and journal until an HTTP sink has acknowledged them all',
  baseline: 'journal on disk',
  figures: {
    rate: { unit: 'events/s', better: 'higher' },
    cpu,
    'cpu of the runner': cpu,
    'cpu of the server': cpu,
    'cpu of the client': cpu,
  },
  contenders: {
    'journal on disk': () => relayed({}, round),
    'journal in memory': () => relayed({ journal: 'memory' }, round),
    'two sinks': () => relayed({ sinks: { http: '/events', other: '/tee' } }, round),
    'a second sink hangs': () => relayed({ sinks: { http: '/events', hung: '/hung' } }, round),
  },
} satisfies Workload;

async function round(relay: WholeRelay, { seconds }: Pace): Promise<Values> {
  const before = relay.cpu();
  const began = performance.now();
  const events = await relay.flood({ seconds });
  await relay.received(events);
  const took = (performance.now() - began) / 1000;
  const after = relay.cpu();
  const used = (role: keyof typeof after) => (after[role] - before[role]) / events;
  return {
    rate: events / took,
    cpu: used('runner') + used('server') + used('client'),
    'cpu of the runner': used('runner'),
    'cpu of the server': used('server'),
    'cpu of the client': used('client'),
  };
}
