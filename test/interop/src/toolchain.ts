// What a machine needs for the peers in other languages, and what a test does on one that lacks it.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Command } from './peer.ts';

const run = promisify(execFile);

/** A path inside this workspace. */
export const inWorkspace = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

let built: Promise<string> | undefined;

/** Builds the Go peer once per process, which takes no time when nothing has changed; gives its command. Throws where Go is missing. */
export async function goCommand(): Promise<Command> {
  built ??= run('npm', ['run', '--silent', 'build:go'], { cwd: inWorkspace('.') }).then(() =>
    inWorkspace('.tmp/go-peer'),
  );
  return [await built];
}

/** Why there is no Go here, undefined where there is. */
export const goMissing = (): Promise<string | undefined> => missing('go', 'version');

/** Why there is no Python 3 here, undefined where there is. */
export const pythonMissing = (): Promise<string | undefined> => missing('python3', '--version');

async function missing(program: string, argument: string): Promise<string | undefined> {
  try {
    await run(program, [argument]);
    return undefined;
  } catch (error) {
    const reason = `${program} is not on this machine`;
    // In CI a missing toolchain is a broken install step, not a machine to be kind to.
    if (process.env.CI === 'true') throw new Error(reason, { cause: error });
    return reason;
  }
}
