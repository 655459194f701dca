/** What is emitted just before the process ends: it leaves, or somebody is told how much did not. */
import { spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { type Connection, createJsonlWriter } from '@runnel/pubsub';
import { type WriteStderr, writeLines } from './stderr.ts';

/** Whoever has something to say at the end of the process. */
export interface Speaker {
  readonly session: string;
  readonly deadlineMs: number;
  /** Sends all that is queued; resolves within `deadlineMs`. For an end that can wait. */
  close(): Promise<unknown>;
  /** An exception that nobody caught ends the process: emits it. */
  uncaught(error: unknown): void;
  /** The lines that have not left, as the runner's last; none if there is nothing left to say. */
  rest(): Rest | undefined;
  /** Sends lines without giving the event loop a turn: it has none left. Undefined where there is no way to do so. */
  readonly send: ((lines: readonly string[], deadlineMs: number) => boolean) | undefined;
}

export interface Rest {
  readonly lines: readonly string[];
  readonly events: number;
}

const speakers = new Set<Speaker>();
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Lets `speaker` have the last word until the result is called. There is one set of listeners on the process, however many runners it has. */
export function atProcessEnd(speaker: Speaker): () => void {
  if (speakers.size === 0) listen();
  speakers.add(speaker);
  return () => {
    if (speakers.delete(speaker) && speakers.size === 0) unlisten();
  };
}

function listen(): void {
  process.on('exit', onExit);
  process.on('uncaughtExceptionMonitor', onUncaught);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off('exit', onExit);
  process.off('uncaughtExceptionMonitor', onUncaught);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** A signal ends the process as it would have without us, only later; where the application handles it, that decides. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  void Promise.all([...speakers].map((speaker) => speaker.close())).then(() => {
    unlisten();
    process.kill(process.pid, signal);
  });
}

function onUncaught(error: unknown): void {
  for (const speaker of speakers) speaker.uncaught(error);
}

function onExit(): void {
  for (const { session, deadlineMs, rest, send } of speakers) {
    const left = rest();
    if (left === undefined || hasSent(send, left.lines, deadlineMs)) continue;
    process.stderr.write(`session ${session}: ${left.events} events did not leave before the process ended\n`);
  }
}

function hasSent(send: Speaker['send'], lines: readonly string[], deadlineMs: number): boolean {
  try {
    return send?.(lines, deadlineMs) ?? false;
  } catch {
    // The caller's headers threw. The other runners of the process are to be heard all the same.
    return false;
  }
}

export interface LastSenderOptions {
  readonly stderr: WriteStderr | undefined;
  /** The events channel. */
  readonly url: string | undefined;
  readonly connection: Connection;
}

/** How lines leave when the event loop has stopped. A transport or a sink of the caller's needs it, so that there is no way then. */
export function lastSender({ stderr, url, connection }: LastSenderOptions): Speaker['send'] {
  if (stderr) return (lines) => writeLines(stderr, lines) === lines.length;
  const { transport, headers } = connection;
  if (url === undefined || transport !== undefined) return undefined;
  return (lines, deadlineMs) => {
    const given = typeof headers === 'function' ? headers() : headers;
    // Headers that have to be waited for cannot be had any more.
    return !(given instanceof Promise) && sendFromChild({ url, headers: given ?? {}, lines, deadlineMs });
  };
}

/** What {@link deliver} reads from its stdin. */
interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
  readonly deadlineMs: number;
}

/** Writes lines to the channel at `url` from a process of its own, which is waited for: this one's event loop does not run any more. */
function sendFromChild(delivery: Delivery): boolean {
  const script = `import { deliver } from ${JSON.stringify(import.meta.url)}; await deliver();`;
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
  const { status } = spawnSync(process.execPath, [...conditions, '--input-type=module', '--eval', script], {
    input: JSON.stringify(delivery),
    timeout: delivery.deadlineMs,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  return status === 0;
}

/** The other process: writes what it is told on stdin and ends the channel. */
export async function deliver(): Promise<void> {
  const { url, headers, lines, deadlineMs }: Delivery = JSON.parse(await text(process.stdin));
  const writer = createJsonlWriter(url, { headers });
  await writer.writeMany(lines);
  const { linesUnacknowledged } = await writer.close({ deadlineMs });
  if (linesUnacknowledged > 0) process.exitCode = 1;
}
