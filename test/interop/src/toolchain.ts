// What a machine needs for the peers in other languages, and what a test does on one that lacks it.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Command } from './peer.ts';

const run = promisify(execFile);

/** A path inside this workspace. */
export const inWorkspace = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Which Go peer runs: `go-livepeer` where RUNNEL_GO_TRICKLE names a program that speaks go/main.go's command line and is
 * made with go-livepeer's trickle package, else `model`.
 */
export const goPeer = process.env.RUNNEL_GO_TRICKLE ? 'go-livepeer' : 'model';

/** The Go peer's command. Builds the model once per process, which takes no time when nothing has changed. Throws where Go is missing. */
export async function goCommand(): Promise<Command> {
  const given = process.env.RUNNEL_GO_TRICKLE;
  if (given) return [given];
  await made('build:go');
  return [inWorkspace('.tmp/go-peer')];
}

/** The model's command, whatever RUNNEL_GO_TRICKLE says. */
export async function goModelCommand(): Promise<Command> {
  await made('build:go');
  return [inWorkspace('.tmp/go-peer')];
}

/** The Python peer's command. Makes its environment once per requirements.txt. Throws where Python is missing. */
export async function pythonCommand(): Promise<Command> {
  await made('build:python');
  return [inWorkspace('.tmp/venv/bin/python'), inWorkspace('python/peer.py')];
}

const making = new Map<string, Promise<unknown>>();

function made(script: string): Promise<unknown> {
  const begun = making.get(script) ?? run('npm', ['run', '--silent', script], { cwd: inWorkspace('.') });
  making.set(script, begun);
  return begun;
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
