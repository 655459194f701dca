/** What an event costs the client where it relays many sessions. */
import { wholeRelay } from '../src/whole-relay.ts';
import type { Contender, Workload } from '../src/workload.ts';

const RATE = 2_000;

export default {
  name: 'growth-sessions',
  about: `${RATE} events a second spread over so many sessions of one client, to its journal and an HTTP sink; what the sessions cost by themselves is in it`,
  baseline: '1 session',
  grows: 'sessions on one client',
  figures: {
    cpu: { unit: 'us of the client/event', better: 'lower' },
    memory: { unit: 'MiB of the client', better: 'lower' },
  },
  contenders: Object.fromEntries(
    [1, 10, 100, 500, 2_000].map((count) => [
      `${count.toLocaleString('en')} session${count > 1 ? 's' : ''}`,
      () => contender(count),
    ]),
  ),
} satisfies Workload;

/** A chain for each round: thousands of connections are not left lying about while others are measured. */
function contender(sessions: number): Contender {
  return {
    async round({ seconds }) {
      const relay = await wholeRelay({ sessions });
      try {
        // Until every session has passed an event it is connecting that is measured.
        await relay.received(await relay.emit({ events: sessions * 4 }));
        await relay.begin();
        const before = relay.cpu().client;
        const events = await relay.emit({ rate: RATE, seconds });
        await relay.received(events);
        const cpu = (relay.cpu().client - before) / events;
        return { cpu, memory: (await relay.client()).rss / 1024 / 1024 };
      } finally {
        await relay.close();
      }
    },
  };
}
