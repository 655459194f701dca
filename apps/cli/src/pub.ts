/** `runnel pub`: standard input to a channel, as bytes or as JSON lines. */
import { type Clock, JSONL, systemClock } from '@runnel/protocol';
import { createJsonlWriter, createPublisher } from '@runnel/pubsub';
import { Command } from 'commander';
import { channelUrlArgument, positive } from './arguments.ts';
import { type ConnectionFlags, connectionOf, withConnection } from './connection.ts';
import { CommandError } from './exit.ts';
import { jsonLines } from './lines.ts';
import { Progress } from './progress.ts';
import { createRoll } from './roll.ts';
import { interrupted, type Terminal, until } from './terminal.ts';

interface PubFlags extends ConnectionFlags {
  readonly jsonl?: boolean;
  readonly mime?: string;
  readonly segmentMs?: number;
  readonly segmentBytes?: number;
  readonly keep?: boolean;
}

export function pubCommand(terminal: Terminal): Command {
  return withConnection(new Command('pub'))
    .summary('send standard input to a channel')
    .description(
      'Sends standard input to a channel, and closes the channel at its end. Readers that are behind lose what they have not read when the channel closes, unless the server lets it linger (runnel serve --linger-ms) or you say --keep.',
    )
    .argument('<url>', 'the channel, e.g. http://127.0.0.1:7800/demo', channelUrlArgument)
    .option('--jsonl', 'send JSON lines: each is checked, sent as it is, and never split over segments')
    .option('--mime <type>', `media type of the channel (default: application/octet-stream, with --jsonl ${JSONL})`)
    .option('--segment-ms <ms>', 'begin a new segment after this time (default: 1000, with --jsonl 10000)', positive)
    .option(
      '--segment-bytes <bytes>',
      'begin a new segment at this size (default: 1 MiB, with --jsonl 512 KiB)',
      positive,
    )
    .option('--keep', 'leave the channel open at the end')
    .action((url: string, flags: PubFlags) => run(url, flags, terminal, systemClock));
}

async function run(url: string, flags: PubFlags, terminal: Terminal, clock: Clock): Promise<void> {
  const progress = new Progress('sent', terminal.stderr, clock);
  let unacknowledged: string | undefined;
  try {
    unacknowledged = await (flags.jsonl ? sendLines : sendBytes)(url, flags, terminal, progress, clock);
  } finally {
    terminal.stdin.destroy();
    progress.finish();
  }
  if (unacknowledged)
    throw new CommandError(`${unacknowledged} were not acknowledged by ${url}; readers may have them or not.`);
  if (terminal.signal.aborted) throw interrupted();
}

/** Resolves with what was not acknowledged, if anything. */
type Send = (
  url: string,
  flags: PubFlags,
  terminal: Terminal,
  progress: Progress,
  clock: Clock,
) => Promise<string | undefined>;

const sendBytes: Send = async (url, flags, { stdin, signal }, progress, clock) => {
  const { segmentMs = 1000, segmentBytes = 1024 * 1024, mime = 'application/octet-stream', keep } = flags;
  const publisher = createPublisher(url, { ...connectionOf(flags), mime, create: true });
  const roll = createRoll(publisher, { segmentMs, segmentBytes, clock });
  try {
    for await (const chunk of until(stdin, signal)) {
      await roll.write(chunk);
      progress.bytes += chunk.length;
      progress.segments = publisher.stats.segments;
      progress.seq = publisher.seq;
    }
    await roll.end();
  } finally {
    await publisher.close({ deleteChannel: !keep });
  }
  const { bytesUnacknowledged } = publisher.stats;
  return bytesUnacknowledged > 0 ? `${bytesUnacknowledged} bytes` : undefined;
};

/** `ndjson` would hand over parsed objects: a number of 64 bits, a repeated member or the spacing would not survive it, and no line has a number. */
const sendLines: Send = async (url, flags, { stdin, signal }, progress) => {
  const { segmentMs, segmentBytes, mime = JSONL, keep } = flags;
  const writer = createJsonlWriter(url, {
    ...connectionOf(flags),
    mime,
    create: true,
    ...(segmentMs === undefined ? {} : { rollMs: segmentMs }),
    ...(segmentBytes === undefined ? {} : { rollBytes: segmentBytes }),
  });
  progress.lines = 0;
  try {
    for await (const lines of jsonLines(until(stdin, signal))) {
      await writer.writeMany(lines);
      progress.lines = writer.stats.lines;
      progress.bytes = writer.stats.bytes;
      progress.segments = writer.stats.publisher.segments;
    }
  } finally {
    await writer.close({ deleteChannel: !keep });
  }
  const { linesUnacknowledged } = writer.stats;
  return linesUnacknowledged > 0 ? `${linesUnacknowledged} lines` : undefined;
};
