/** nats-server, core and with JetStream (streams in memory, as everyone's here are). It routes every message; trickle relays bytes. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { removeFolder, temporaryFolder } from '../src/folders.ts';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import { Unavailable } from '../src/workload.ts';
import type { Peer } from './peer.ts';

export const NATS_VERSION = 'v2.15.2';
const folder = fileURLToPath(new URL('../.tmp', import.meta.url));

export const nats: Peer = () => natsServer('nats');
export const jetstream: Peer = () => natsServer('jetstream');

async function natsServer(protocol: 'nats' | 'jetstream') {
  const program = join(folder, 'nats-server');
  if (!existsSync(program)) await install();
  const store = temporaryFolder();
  // It chooses a free port for -1 and says which.
  const running = await start(program, ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', store], {
    core: Core.server,
    ready: (line) => line.includes('Listening for client connections on'),
  });
  const address = running.ready.match(/127\.0\.0\.1:\d+/)?.[0] ?? '';
  const stop = () => running.stop().finally(() => removeFolder(store));
  return { running: { ...running, stop }, flags: { protocol, address } };
}

/** Builds it once from its Go module, which takes about a minute. */
async function install(): Promise<void> {
  const module = `github.com/nats-io/nats-server/v2@${NATS_VERSION}`;
  await promisify(execFile)('go', ['install', module], { env: { ...process.env, GOBIN: folder } }).catch((error) => {
    throw new Unavailable(error.code === 'ENOENT' ? 'there is no go on this machine' : `go install ${module} failed`);
  });
}
