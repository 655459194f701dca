/** The client's process: sessions relayed from a server to sinks, with the journal where RELAY says. On its stdin `memory` is answered with its memory and books, `taken` with how many envelopes it has taken in. */
import { createInterface } from 'node:readline';
import { createRelay, openJournal } from '@runnel/client';
import { httpSink } from '@runnel/egress';

interface Wishes {
  readonly url: string;
  readonly sessions: readonly string[];
  /** By the name of the sink. */
  readonly sinks: Readonly<Record<string, string>>;
  /** Default: the journal is in memory. */
  readonly journal?: string;
}

const { url, sessions, sinks, journal }: Wishes = JSON.parse(process.env.RELAY ?? '{}');
const relay = createRelay({
  url,
  sinks: Object.entries(sinks).map(([name, to]) =>
    httpSink({ name, url: to, maxBatch: 5_000, maxBodyBytes: 1024 * 1024 }),
  ),
  journal: openJournal({ ...(journal && { path: journal }), newSink: 'oldest' }),
  onWarning: () => {},
});
for (const session of sessions) relay.open(session);
console.log(JSON.stringify({ ready: 'relay' }));
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'taken') {
    const taken = [...relay.sessions.values()].reduce((sum, { books }) => sum + books.telemetry.relayed, 0);
    console.log(JSON.stringify({ taken }));
    return;
  }
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(JSON.stringify({ rss, heapUsed, status: relay.status() }));
});
process.once('SIGTERM', () => void relay.close({ deadlineMs: 500 }).finally(() => process.exit(0)));
