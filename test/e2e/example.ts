import { createRelay } from '@runnel/client';
import { logSink } from '@runnel/egress/log';
import { createRunner } from '@runnel/runner';
import { serve } from '@runnel/server';

const server = await serve({ autocreate: true, lingerMs: 1000 });

const relay = createRelay({ url: server.url, sinks: [logSink()] });
const lastReport = new Promise<void>((resolve) => {
  relay.open('demo').on('losses', ({ last }) => last && resolve());
});

const runner = createRunner({ url: server.url, session: 'demo' });
runner.emit('stream_started', { width: 640, height: 360 });
await runner.close();

await lastReport; // It comes after all that the runner emitted.
await relay.close();
await server.close();
