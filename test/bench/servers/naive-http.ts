/** Trickle's wire as one would first write it: node:http, every chunk to every reader as it comes. No window, no limits, no errors. */
import { createServer, type ServerResponse } from 'node:http';

interface Segment {
  readonly chunks: Buffer[];
  readonly readers: ServerResponse[];
  ended: boolean;
}

const segments = new Map<string, Segment>();

const server = createServer((request, response) => {
  const path = request.url ?? '/';
  if (request.method === 'DELETE') {
    for (const key of segments.keys()) if (key.startsWith(`${path}/`)) segments.delete(key);
    response.end();
    return;
  }
  if (!/\/\d+$/.test(path)) return void response.end();
  const segment = segments.get(path) ?? { chunks: [], readers: [], ended: false };
  segments.set(path, segment);
  if (request.method === 'GET') {
    for (const chunk of segment.chunks) response.write(chunk);
    if (segment.ended) response.end();
    else segment.readers.push(response);
    return;
  }
  request.on('data', (chunk: Buffer) => {
    segment.chunks.push(chunk);
    for (const reader of segment.readers) reader.write(chunk);
  });
  request.on('end', () => {
    segment.ended = true;
    for (const reader of segment.readers) reader.end();
    segment.readers.length = 0;
    response.end();
    setTimeout(() => segments.delete(path), 2_000);
  });
  request.on('error', () => {});
});
server.requestTimeout = 0;
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(JSON.stringify({ ready: `127.0.0.1:${address?.port}` }));
});
process.stdin.on('data', () => {
  globalThis.gc?.();
  console.log('collected');
});
process.once('SIGTERM', () => process.exit(0));
