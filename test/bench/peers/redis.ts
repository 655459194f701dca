/** Redis pub/sub and streams, without persistence. It routes every message; trickle relays bytes. */
import { createServer } from 'node:net';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import type { Peer } from './peer.ts';

export const redisPubSub: Peer = () => redisServer('redis-pubsub');
export const redisStreams: Peer = () => redisServer('redis-streams');

async function redisServer(protocol: 'redis-pubsub' | 'redis-streams') {
  const port = await freePort();
  // A subscriber that is behind is not dropped: the generator keeps the publisher near it.
  const options = ['--save', '', '--appendonly', 'no', '--client-output-buffer-limit', 'pubsub 0 0 0'];
  const running = await start('redis-server', ['--bind', '127.0.0.1', '--port', String(port), ...options], {
    core: Core.server,
    ready: (line) => line.includes('Ready to accept connections'),
  });
  return { running, flags: { protocol, address: `127.0.0.1:${port}` } };
}

/** Redis takes no 0 for any free port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
