/** What an event costs the client where it relays many sessions. */
import { relayedAnew } from '../src/relayed.ts';
import type { WholeRelay } from '../src/whole-relay.ts';
import type { Pace, Values, Workload } from '../src/workload.ts';

const RATE = 2_000;

export default {
  name: 'growth-sessions',
  about: `${RATE} events a second spread over so many sessions of one client, to its journal and an HTTP sink; what the sessions cost by themselves is in it`,
  baseline: '1 session',
  anew: true,
  grows: 'sessions on one client',
  figures: {
    cpu: { unit: 'us of the client/event', better: 'lower' },
    memory: { unit: 'MiB of the client', better: 'lower' },
  },
  contenders: Object.fromEntries(
    [1, 100, 2_000].map((count) => [
      `${count.toLocaleString('en')} session${count > 1 ? 's' : ''}`,
      () => relayedAnew({ sessions: count }, (relay, pace) => round(relay, pace, count)),
    ]),
  ),
} satisfies Workload;

async function round(relay: WholeRelay, { seconds }: Pace, sessions: number): Promise<Values> {
  // Until every session has passed an event it is connecting that is measured.
  await relay.received(await relay.emit({ events: sessions }));
  await relay.begin();
  const before = relay.cpu().client;
  const events = await relay.emit({ rate: RATE, seconds });
  await relay.received(events);
  const cpu = (relay.cpu().client - before) / events;
  return { cpu, memory: (await relay.client()).rss / 1024 / 1024 };
}
