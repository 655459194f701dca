/** The client as its parent sees it: opened, killed, closed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JournalOptions, LaneStatus, RelayReport, RelayStatus } from '@runnel/client';

export interface Opening {
  /** The journal's path. */
  readonly journal: string;
  readonly server: string;
  /** The URL of the scripted sink. */
  readonly sink: string;
  /** Sent with each request, so that those of a killed client are known. */
  readonly life: number;
  readonly sessions: readonly string[];
  /** How many times faster than the machine's the relay's timers are; the journal's are not. */
  readonly speed: number;
  readonly maxBatch: number;
  /** Bounds of the journal that are not the usual ones. */
  readonly bounds?: Pick<JournalOptions, 'maxWaiting' | 'keepMs'>;
}

export type ToClient =
  | ({ readonly do: 'open' } & Opening)
  | { readonly do: 'look' | 'close' }
  | { readonly do: 'step'; readonly ms: number };

export interface Closed {
  readonly report: RelayReport;
  readonly sinks: readonly LaneStatus[];
}

export type FromClient =
  | { readonly say: 'ready' | 'open' }
  | { readonly say: 'warning'; readonly sentence: string }
  | { readonly say: 'looked'; readonly status: RelayStatus }
  | ({ readonly say: 'closed' } & Closed);

export interface Client {
  /** Resolves when the process has loaded and can be told to open. Rejects, as the two below, if it ends before. */
  readonly ready: Promise<void>;
  /** Opens the journal and the sessions; resolves when they are open. */
  open(opening: Opening): Promise<void>;
  /** What the relay says of itself. */
  look(): Promise<RelayStatus>;
  /** Steps the wall clock that the process sees. */
  step(ms: number): void;
  /** Lets the sink work off what is pending, and ends. */
  close(): Promise<Closed>;
  /** `kill -9`. */
  kill(): void;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** What it said a person should know. */
  readonly warnings: readonly string[];
  /** What it printed to standard error. */
  readonly stderr: string;
}

const FILE = join(import.meta.dirname, 'client.ts');
/** Most of a start is compiling: what one has compiled the next ones read. */
const COMPILED = join(import.meta.dirname, '../.tmp/compiled');

/** Starts a client that waits to be opened; `env` is added to the environment. The caller kills or closes it. */
export function startClient(env: Readonly<Record<string, string>> = {}): Client {
  const child = fork(FILE, {
    execArgv: ['--conditions=source'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...env },
    silent: true,
    // Ctrl-C at the terminal is for the run. The client ends when the run is gone.
    detached: true,
  });
  const warnings: string[] = [];
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const awaited = new Map<FromClient['say'], (message: FromClient) => void>();
  child.on('message', (message: FromClient) => {
    if (message.say === 'warning') warnings.push(message.sentence);
    awaited.get(message.say)?.(message);
  });
  child.on('error', () => {}); // A message to a process that is gone; that it is gone is told by `ended`.
  const ended = once(child, 'exit').then(() => {});

  /** One at a time of each. */
  function said<S extends FromClient['say']>(what: S): Promise<FromClient & { say: S }> {
    return new Promise((resolve, reject) => {
      awaited.set(what, (message) => resolve(message as FromClient & { say: S }));
      void ended.then(() => reject(new Error(`the client ended before it was ${what}: ${stderr}`)));
    });
  }
  const tell = (message: ToClient) => child.connected && child.send(message, () => {});
  const ready = said('ready').then(() => {});
  ready.catch(() => {});
  return {
    ready,
    async open(opening) {
      const opened = said('open');
      tell({ do: 'open', ...opening });
      await opened;
    },
    async look() {
      const looked = said('looked');
      tell({ do: 'look' });
      return (await looked).status;
    },
    step: (ms) => void tell({ do: 'step', ms }),
    async close() {
      const closed = said('closed');
      tell({ do: 'close' });
      return closed;
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
    warnings,
    get stderr() {
      return stderr;
    },
  };
}
