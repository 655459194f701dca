import { serve } from '@runnel/server';

const server = await serve({ channels: [{ name: 'hello', mime: 'text/plain' }] });
const segment = `${server.url}hello/0`;

// The answer is withheld until the first byte of the segment is there.
const waiting = fetch(segment);
await fetch(segment, { method: 'POST', body: 'a segment\n' });
process.stdout.write(await (await waiting).text());

await server.close();
