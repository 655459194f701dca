/** A Python runner under test: the driver in a process of its own, commanded over its stdin. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const folder = join(import.meta.dirname, '..');
export const program = join(folder, 'runnel_runner.py');

const version = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 10))'], { encoding: 'utf8' });
/** Why these tests cannot run here; undefined where they can. */
export const missing =
  version.stdout?.trim() === 'True' ? undefined : 'python3 (3.10 or newer) is not on the PATH: nothing was tested';
// Where everything is to be there, its absence is a failure.
if (missing && process.env.CI === 'true') throw new Error(missing);

export interface Books {
  readonly emitted: number;
  readonly written: number;
  readonly pending: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly withheld: Readonly<Record<string, number>>;
  readonly refused_fields: number;
}

/** Starts the driver. Its process is killed when the test is over. */
export async function startPython(url: string, session: string, options: object = {}) {
  const child = run([join(import.meta.dirname, 'driver.py'), url, session, JSON.stringify(options)]);
  const replies = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const reply = async () => {
    const { value, done } = await replies.next();
    if (done) throw new Error('the Python process has ended');
    return JSON.parse(value);
  };
  const { epoch } = (await reply()) as { epoch: string };
  const tell = (name: string, argument: unknown = null) => {
    child.stdin?.write(`${JSON.stringify([name, argument])}\n`);
    return reply();
  };
  return {
    epoch,
    tell,
    books: () => tell('books') as Promise<Books>,
    close: () => tell('close') as Promise<Books>,
    /** Its process stands still, or goes on. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Starts a Python program; its stderr is this process's. */
export function run(args: readonly string[]): ChildProcess {
  const child = spawn('python3', ['-B', ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
