/** The apps and the command as processes of their own, as a person starts them: what they print, and how they end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Process {
  readonly child: ChildProcess;
  /** Everything printed so far, both streams. */
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came. */
  bytes(): Buffer;
  /** Resolves with the first match in what was printed, now or later. Rejects after the deadline, or when the process ends without it, with all that was printed. */
  said(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export type Env = Readonly<Record<string, string>>;

const started = new Set<ChildProcess>();

/** Kills what a test left behind; for afterEach. */
export function killAll(): void {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
}

/** One of apps/server, apps/runner and apps/client, without npm between: npm does not pass a SIGTERM on. */
export function startApp(name: 'server' | 'runner' | 'client', env: Env = {}, args: readonly string[] = []): Process {
  return startNode([join(root, 'apps', name, 'src/main.ts'), ...args], env);
}

/** The `runnel` command. */
export function startRunnel(args: readonly string[], env: Env = {}): Process {
  return startNode([join(root, 'apps/cli/bin/runnel.js'), ...args], env);
}

/** A TypeScript file beside this one. */
export function startScript(file: string, args: readonly string[], env: Env = {}): Process {
  return startNode([join(import.meta.dirname, file), ...args], env);
}

function startNode(args: readonly string[], env: Env): Process {
  return follow(
    spawn(process.execPath, ['--conditions=source', ...args], { env: { ...process.env, ...env }, stdio: 'pipe' }),
  );
}

/** Collects what a child prints. */
export function follow(child: ChildProcess): Process {
  started.add(child);
  const said = { stdout: '', stderr: '', output: '' };
  const waiting = new Set<() => void>();
  const bytes: Buffer[] = [];
  const collect = (stream: Readable | null, name: 'stdout' | 'stderr') => {
    const decoder = new TextDecoder();
    stream?.on('data', (chunk: Buffer) => {
      if (name === 'stdout') bytes.push(chunk);
      const text = decoder.decode(chunk, { stream: true });
      said[name] += text;
      said.output += text;
      for (const look of waiting) look();
    });
  };
  collect(child.stdout, 'stdout');
  collect(child.stderr, 'stderr');
  // A child that ends before it has read its input is the test's business, not an error of its own.
  child.stdin?.on('error', () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      started.delete(child);
      resolve({ code, signal });
    });
  });

  return {
    child,
    get output() {
      return said.output;
    },
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    bytes: () => Buffer.concat(bytes),
    said(pattern, deadlineMs = 30_000) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpMatchArray>();
      const fail = (why: string) => reject(new Error(`${why} without ${pattern}. It printed:\n${said.output}`));
      const look = () => {
        const match = said.output.match(pattern);
        if (match) resolve(match);
      };
      const timer = setTimeout(() => fail(`${deadlineMs} ms passed`), deadlineMs);
      waiting.add(look);
      look();
      ended.then(
        ({ code, signal }) => fail(`The process ended (${code ?? signal})`),
        (error) => reject(error),
      );
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

/** Resolves when `check` returns something, asked every 50 ms. Rejects after the deadline with what it threw or returned last. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let last: unknown; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value as T;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`, { cause: last });
  }
}
