/** A model of the Go trickle server, on Go's net/http: test/interop/go. What holds for it says nothing about go-livepeer. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Unavailable } from '../src/workload.ts';
import { goServer } from './go-livepeer.ts';
import type { Peer } from './peer.ts';

const source = fileURLToPath(new URL('../../interop/go', import.meta.url));
const program = fileURLToPath(new URL('../.tmp/go-model', import.meta.url));

export const goModel: Peer = async () => {
  if (process.env.RUNNEL_GO_TRICKLE) throw new Unavailable('go-livepeer itself takes part');
  await promisify(execFile)('go', ['build', '-C', source, '-o', program, '.']).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unavailable('there is no go on this machine') : error;
  });
  return goServer(program);
};
