/** Other programs: servers, peers, the load generator. Started, listened to, stopped. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { spawnOn } from './spawn.ts';
import { Unavailable } from './workload.ts';

const READY_MS = 60_000;
/** A profile is written at the end, which takes its time. */
const STOP_MS = 10_000;
const SILENT_MS = 120_000;

export interface Running {
  readonly pid: number;
  /** The line of JSON, or of text, with which it said that it is ready. */
  readonly ready: string;
  /** Writes one line to its stdin. */
  tell(line: string): void;
  /** The next line it writes. Rejects when it ends instead, or is silent for two minutes. */
  heard(): Promise<string>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default: wherever the kernel puts it. */
  readonly core?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Which of its lines, on either output, says that it is ready. Default: the first one of JSON. */
  readonly ready?: (line: string) => boolean;
  /** Whether its stderr is thrown away unread. */
  readonly mute?: boolean;
}

/** Starts a program and waits until it is ready, at most a minute. Throws with what it wrote to stderr when it ends before. */
export async function start(program: string, args: readonly string[], options: StartOptions = {}): Promise<Running> {
  const { core, env = {}, ready = (line) => line.startsWith('{'), mute = false } = options;
  const child = spawnOn(core, program, args, env, mute);
  const lines: string[] = [];
  let waiting: ((line: string) => void) | undefined;
  const said = Promise.withResolvers<string>();
  let complaints = '';
  let isReady = false;
  const listen = (line: string) => {
    if (!isReady && ready(line)) {
      isReady = true;
      said.resolve(line);
    } else if (waiting) waiting(line);
    else lines.push(line);
    waiting = undefined;
  };
  createInterface({ input: child.stdout }).on('line', listen);
  createInterface({ input: child.stderr }).on('line', (line) => {
    complaints = `${complaints}${line}\n`.slice(-2_000);
    if (ready(line)) said.resolve(line);
  });
  const exited = once(child, 'close');
  exited.then(
    () => said.reject(new Error(`${basename(program)} ended before it was ready: ${complaints}`)),
    (error: NodeJS.ErrnoException) => said.reject(missing(program, error)),
  );
  const late = setTimeout(
    () => said.reject(new Error(`${basename(program)} was not ready in time: ${complaints}`)),
    READY_MS,
  );
  try {
    return {
      ready: await said.promise,
      pid: child.pid ?? 0,
      tell: (line) => void child.stdin.write(`${line}\n`),
      async heard() {
        const kept = lines.shift();
        if (kept !== undefined) return kept;
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        waiting = resolve;
        exited.then(() => reject(new Error(`${basename(program)} ended: ${complaints}`)), reject);
        const silent = setTimeout(
          () => reject(new Error(`${basename(program)} says nothing: ${complaints}`)),
          SILENT_MS,
        );
        return promise.finally(() => clearTimeout(silent));
      },
      stop: () => stop(child),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Runs a program to its end, which comes within so many milliseconds, and parses the last line it wrote. Throws when it fails. */
export async function result(
  program: string,
  args: readonly string[],
  { core, atMost }: { readonly core?: number; readonly atMost: number },
): Promise<Record<string, number>> {
  const child = spawnOn(core, program, args);
  child.stdin.end();
  const late = setTimeout(() => child.kill('SIGKILL'), atMost);
  const [out, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearTimeout(late);
  if (code !== 0) {
    const how = child.signalCode ? `took more than ${atMost / 1000} s` : `ended with ${code}: ${complaints.trim()}`;
    throw new Error(`${basename(program)} ${args.join(' ')} ${how}`);
  }
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(stuck);
}

function missing(program: string, error: NodeJS.ErrnoException): Error {
  return error.code === 'ENOENT' ? new Unavailable(`there is no ${program} on this machine`) : error;
}
