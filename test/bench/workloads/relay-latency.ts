/** G: how long an event takes from emit to the sink, at a rate that leaves the machine room. */
import { relayed } from '../src/relayed.ts';
import type { WholeRelay } from '../src/whole-relay.ts';
import type { Pace, Values, Workload } from '../src/workload.ts';

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
    'journal on disk': () => relayed({}, round),
    'journal in memory': () => relayed({ journal: 'memory' }, round),
    'a second sink hangs': () => relayed({ sinks: { http: '/events', hung: '/hung' } }, round),
  },
} satisfies Workload;

async function round(relay: WholeRelay, { seconds }: Pace): Promise<Values> {
  const before = relay.cpu();
  const events = await relay.emit({ rate: RATE, seconds });
  const { p50, p99 } = await relay.received(events);
  return { p50: p50 / 1000, p99: p99 / 1000, cpu: (relay.cpu().client - before.client) / events };
}
