/** Starts the client app as its user does, and reads what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const main = join(import.meta.dirname, '../src/main.ts');

export interface App {
  readonly child: ChildProcess;
  /** What it wrote so far, both outputs together. */
  readonly output: string;
  /** Resolves with the first match in what it wrote or will write. Rejects when it exits without. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with exit code and signal. */
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
}

/** The app with these arguments; it is killed when the test is over. The environment has none of the variables it reads but those of `env`. */
export function startApp(args: readonly string[], env: NodeJS.ProcessEnv = {}): App {
  const { RUNNEL_URL: _url, RUNNEL_SESSION: _session, PORT: _port, ...rest } = process.env;
  const child = spawn(process.execPath, ['--conditions=source', main, ...args], { env: { ...rest, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let news = Promise.withResolvers<void>();
  const told = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      told();
    });
  }
  const exited = once(child, 'close') as App['exited'];
  void exited.then(told);
  return {
    child,
    exited,
    get output() {
      return output;
    },
    async says(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`never said ${pattern}:\n${output}`);
        await news.promise;
      }
    },
  };
}
