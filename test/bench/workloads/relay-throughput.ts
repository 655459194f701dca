/** G: emit to acknowledged by an HTTP sink, as fast as the whole chain goes. No process is pinned: they share the machine as they do at a user's. */
import { type WholeRelayOptions, wholeRelay } from '../src/whole-relay.ts';
import type { Contender, Workload } from '../src/workload.ts';

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
    'journal on disk': () => contender({}),
    'journal in memory': () => contender({ journal: 'memory' }),
    'two sinks': () => contender({ sinks: { http: '/events', other: '/tee' } }),
    'a second sink hangs': () => contender({ sinks: { http: '/events', hung: '/hung' } }),
  },
} satisfies Workload;

async function contender(options: WholeRelayOptions): Promise<Contender> {
  const relay = await wholeRelay(options);
  return {
    async round({ seconds }) {
      await relay.begin();
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
    },
    close: () => relay.close(),
  };
}
