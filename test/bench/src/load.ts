/** The load generator of go/, built when it is first needed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { result } from './program.ts';
import { Core } from './spawn.ts';
import { Unavailable } from './workload.ts';

const source = fileURLToPath(new URL('../go', import.meta.url));
const program = fileURLToPath(new URL('../.tmp/load', import.meta.url));
let built: Promise<unknown> | undefined;

/** The generator's path. Throws Unavailable on a machine that cannot have it. */
export async function loadProgram(): Promise<string> {
  if (process.platform !== 'linux') throw new Unavailable('the load generator needs Linux');
  built ??= promisify(execFile)('go', ['build', '-C', source, '-o', program, '.']);
  await built.catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unavailable('there is no go on this machine') : error;
  });
  return program;
}

/** Runs one of the generator's commands on its core, and returns the figures it ends with. */
export async function load(
  command: string,
  flags: Readonly<Record<string, string | number>>,
): Promise<Record<string, number>> {
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  return result(await loadProgram(), [command, ...args], Core.load);
}
