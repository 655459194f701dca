/** go-livepeer's trickle server: a program of yours that has the command line of test/interop/go, named by RUNNEL_GO_TRICKLE. */
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import { Unavailable } from '../src/workload.ts';
import type { Peer, Served } from './peer.ts';

export const goLivepeer: Peer = () => {
  const program = process.env.RUNNEL_GO_TRICKLE;
  if (!program) throw new Unavailable('RUNNEL_GO_TRICKLE names no program');
  return goServer(program);
};

/** A server with the command line of test/interop/go. */
export async function goServer(program: string): Promise<Served> {
  // It logs every request, which is no part of its work.
  const args = ['server', '--port', '0', '--base-path', '/', '--autocreate'];
  const running = await start(program, args, { core: Core.server, mute: true });
  return { running, flags: { protocol: 'trickle', address: new URL(JSON.parse(running.ready).url).host } };
}
