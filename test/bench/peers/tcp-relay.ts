/** The limit: bytes from one socket to many, with nothing looked at. In Go with epoll, one thread. */
import { loadProgram } from '../src/load.ts';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import type { Peer } from './peer.ts';

export const tcpRelay: Peer = async () => {
  const running = await start(await loadProgram(), ['relay'], { core: Core.server });
  return { running, flags: { protocol: 'tcp', address: JSON.parse(running.ready).ready } };
};
