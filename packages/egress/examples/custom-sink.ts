// Writes one envelope to a file and to a sink of our own: a sink is an object with a name and two functions.

import { fileSink } from '@runnel/egress/file';
import type { Envelope, Sink } from '@runnel/protocol';

const countSink: Sink = {
  name: 'count',
  async send(batch) {
    console.log(`${batch.length} envelope(s), first ${batch[0]?.id}`);
  },
  async close() {},
};

const bytes = new TextEncoder().encode('{"id":"e1","type":"stream_trace","data":{"type":"stream_started"}}');
const batch: Envelope[] = [{ id: 'e1', bytes, session: 'demo', relayedVia: 'local', receivedAt: Date.now() }];

for (const sink of [fileSink({ path: process.argv[2] ?? 'events.ndjson' }), countSink]) {
  await sink.send(batch, AbortSignal.timeout(5000));
  await sink.close();
}
