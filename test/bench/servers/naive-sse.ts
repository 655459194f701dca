/** Lines of a POST's body as server-sent events to whoever listens: node:http, a write per event and listener. */
import { createServer, type ServerResponse } from 'node:http';

const listeners = new Map<string, Set<ServerResponse>>();

const server = createServer((request, response) => {
  const channel = request.url ?? '/';
  const mine = listeners.get(channel) ?? new Set();
  listeners.set(channel, mine);
  if (request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    mine.add(response);
    response.on('close', () => mine.delete(response));
    return;
  }
  let rest = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      for (const listener of mine) listener.write(`data: ${line}\n\n`);
    }
  });
  request.on('end', () => response.end());
  request.on('error', () => {});
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(JSON.stringify({ ready: `127.0.0.1:${address?.port}` }));
});
process.once('SIGTERM', () => process.exit(0));
