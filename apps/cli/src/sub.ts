/** `runnel sub`: a channel to standard output, as bytes or as JSON lines. */
import { type Clock, NEXT, systemClock, TrickleError } from '@runnel/protocol';
import { readJsonl, type Subscription, subscribe } from '@runnel/pubsub';
import { Command } from 'commander';
import { channelUrlArgument, type From, from, positive } from './arguments.ts';
import { type ConnectionFlags, type ConnectionGiven, connectionOf, withConnection } from './connection.ts';
import { isSystemError } from './exit.ts';
import { Progress } from './progress.ts';
import { interrupted, put, type Terminal } from './terminal.ts';

interface SubFlags extends ConnectionFlags {
  readonly from: From;
  readonly jsonl?: boolean;
  readonly count?: number;
  readonly wait?: boolean;
}

export function subCommand(terminal: Terminal): Command {
  return withConnection(new Command('sub'))
    .summary('write a channel to standard output')
    .description(
      'Writes what comes on a channel to standard output, until the channel ends. Segments that were missed are counted.',
    )
    .argument('<url>', 'the channel, e.g. http://127.0.0.1:7800/demo', channelUrlArgument)
    .option('--from <place>', 'next, current, oldest, a seq, or -N for the N-th segment from the head', from, 'current')
    .option('--jsonl', 'read JSON lines: each is written as it came, what is no JSON object is left out and counted')
    .option('--count <n>', 'stop after so many segments, with --jsonl after so many lines', positive)
    .option('--wait', 'wait for a channel that does not exist yet')
    .action((url: string, flags: SubFlags) => run(url, flags, terminal, systemClock));
}

async function run(url: string, flags: SubFlags, terminal: Terminal, clock: Clock): Promise<void> {
  const { signal, stderr } = terminal;
  const { from, wait = false } = flags;
  const connection = connectionOf(flags);
  if (!wait) await reach(url, connection, signal);
  const subscription = subscribe(url, { ...connection, from, waitForChannel: wait, signal });
  const progress = new Progress('received', stderr, clock);
  try {
    await (flags.jsonl ? writeLines : writeBytes)(subscription, terminal, progress, flags.count);
  } catch (error) {
    if (!isHangUp(error)) throw error;
  } finally {
    subscription.close();
    progress.skipped = subscription.stats.skipped;
    progress.segments = subscription.stats.segments;
    progress.finish();
  }
  throwUnlessEnded(subscription, url, signal);
}

/** A subscription is patient with a server that went away; one that was never there is most likely a wrong URL, and is said at once. */
async function reach(url: string, { transport, headers }: ConnectionGiven, signal: AbortSignal): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const answer = await transport.get(`${origin}${pathname}/${NEXT}${search}`, { headers, signal });
  answer.cancel();
}

async function writeBytes(
  subscription: Subscription,
  { stdout }: Terminal,
  progress: Progress,
  most = Infinity,
): Promise<void> {
  for await (const segment of subscription) {
    progress.seq = segment.seq;
    progress.skipped = subscription.stats.skipped;
    for await (const chunk of segment) {
      await put(stdout, chunk);
      progress.bytes += chunk.length;
    }
    if (++progress.segments >= most) return;
  }
}

/** The reader's own bytes: `ndjson` would parse each line and write another one. */
async function writeLines(
  subscription: Subscription,
  { stdout }: Terminal,
  progress: Progress,
  most = Infinity,
): Promise<void> {
  const reader = readJsonl(subscription);
  progress.lines = 0;
  for await (const batch of reader) {
    const lines = batch.slice(0, most - progress.lines);
    const text = Buffer.concat(lines.flatMap((line) => [line.bytes, LF]));
    await put(stdout, text);
    progress.lines += lines.length;
    progress.bytes += text.length;
    progress.seq = lines.at(-1)?.seq;
    progress.bad = Object.values(reader.stats.bad).reduce((sum, n) => sum + n, 0);
    if (progress.lines >= most) return;
  }
}

const LF = Buffer.from('\n');

/** `| head` closes the pipe when it has enough: that is an end, not a failure. */
const isHangUp = (error: unknown) =>
  isSystemError(error) && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');

function throwUnlessEnded(subscription: Subscription, url: string, signal: AbortSignal): void {
  if (signal.aborted) throw interrupted();
  if (subscription.end === 'never_existed') {
    throw new TrickleError(
      'not_found',
      `${url} does not exist. Start its publisher first, or wait for it with --wait.`,
    );
  }
  if (subscription.end === 'gave_up') {
    throw new TrickleError('gave_up', `Gave up on ${url}`, { cause: subscription.error });
  }
}
