// Relays the session "demo" from a trickle server to a sink of our own. Usage: node relay.ts [server URL]
import { createRelay, serveRelay } from '@runnel/client';
import type { Sink } from '@runnel/protocol';

const printer: Sink = {
  name: 'printer',
  async send(batch) {
    for (const { session, id, bytes } of batch) console.log(session, id, new TextDecoder().decode(bytes));
  },
  async close() {},
};

const relay = createRelay({ url: process.argv[2] ?? 'http://127.0.0.1:7800/', sinks: [printer] });
relay.open('demo').on('notification', ({ payload }) => console.log('notification', payload));
const { url, close } = await serveRelay(relay);
console.log(`status at ${url}status, Ctrl-C stops`);

await new Promise((resolve) => process.once('SIGINT', resolve));
console.log(await relay.close());
await close();
