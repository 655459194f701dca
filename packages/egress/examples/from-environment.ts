// Sends one envelope to every sink that the environment asks for, and to one of our own: a sink is an object with a name and two functions.

import { egressFromEnv } from '@runnel/egress';
import type { Envelope, Sink } from '@runnel/protocol';

const countSink: Sink = {
  name: 'count',
  send: async (batch) => console.log(`${batch.length} envelope(s), first ${batch[0]?.id}`),
  close: async () => undefined,
};

const bytes = new TextEncoder().encode('{"id":"e1","type":"stream_trace","data":{"type":"stream_started"}}');
const batch: Envelope[] = [{ id: 'e1', bytes, session: 'demo', relayedVia: 'local', receivedAt: Date.now() }];

const { sinks } = await egressFromEnv(process.env);
for (const sink of [...sinks, countSink]) {
  await sink.send(batch, AbortSignal.timeout(5000));
  await sink.close();
}
