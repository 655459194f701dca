/** G: how long an event takes from emit to the sink, at a rate that leaves the machine room. */
import { type WholeRelayOptions, wholeRelay } from '../src/whole-relay.ts';
import type { Contender, Workload } from '../src/workload.ts';

const RATE = 10_000;

export default {
  name: 'relay-latency',
  about: `${RATE} envelopes of 300 B a second: the time from emit until they are in the sink's hands`,
  baseline: 'journal on disk',
  figures: {
    p50: { unit: 'ms', better: 'lower' },
    p99: { unit: 'ms', better: 'lower' },
    cpu: { unit: 'us of the client/event', better: 'lower' },
  },
  contenders: {
    'journal on disk': () => contender({}),
    'journal in memory': () => contender({ journal: 'memory' }),
    'a second sink hangs': () => contender({ sinks: { http: '/events', hung: '/hung' } }),
  },
} satisfies Workload;

async function contender(options: WholeRelayOptions): Promise<Contender> {
  const relay = await wholeRelay(options);
  return {
    async round({ seconds }) {
      await relay.begin();
      const before = relay.cpu();
      const events = await relay.emit({ rate: RATE, seconds });
      const { p50, p99 } = await relay.received(events);
      return { p50: p50 / 1000, p99: p99 / 1000, cpu: (relay.cpu().client - before.client) / events };
    },
    close: () => relay.close(),
  };
}
