/** The load generator of go/, built when it is first needed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Served } from '../peers/peer.ts';
import { type Running, result, start } from './program.ts';
import { Core } from './spawn.ts';
import { Unavailable } from './workload.ts';

const source = fileURLToPath(new URL('../go', import.meta.url));
const program = fileURLToPath(new URL('../.tmp/load', import.meta.url));
/** Beside the time that a command is told to take: connecting thousands of readers, and waiting for what is under way. */
const PATIENCE_MS = 100_000;
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

type Flags = Readonly<Record<string, string | number>>;

/** Runs one of the generator's commands on its core, and returns the figures it ends with. Throws when it takes 100 seconds longer than its `seconds`. */
export async function load(command: string, flags: Flags): Promise<Record<string, number>> {
  const atMost = PATIENCE_MS + Number(flags.seconds ?? 0) * 1000;
  return result(await loadProgram(), [command, ...argsOf(flags)], { core: Core.load, atMost });
}

/** So many GETs that wait at the head of a channel of their own, until they are stopped or their server is gone. */
export async function waiting({ flags }: Served, channel: string, readers: number): Promise<Running> {
  return start(await loadProgram(), ['wait', ...argsOf({ ...flags, channel, readers })], { core: Core.load });
}

const argsOf = (flags: Flags): string[] =>
  Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
