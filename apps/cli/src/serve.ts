/** `runnel serve`: a trickle server, every limit a flag. */
import { once } from 'node:events';
import { TrickleError } from '@runnel/protocol';
import { DEFAULT_LIMITS, type Limits, serve } from '@runnel/server';
import { Command } from 'commander';
import { basePath, type ChannelToMake, channel, count, origin, port, positive } from './arguments.ts';
import { CommandError, isSystemError } from './exit.ts';
import { put, type Terminal } from './terminal.ts';

interface ServeFlags extends Partial<Limits> {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly autocreate: boolean;
  readonly channel?: readonly ChannelToMake[];
  readonly changefeed?: boolean;
  readonly cors?: readonly string[];
  readonly fastIngest?: boolean;
  readonly json?: boolean;
}

export function serveCommand(terminal: Terminal): Command {
  const limits = DEFAULT_LIMITS;
  return new Command('serve')
    .summary('run a trickle server')
    .description('Runs a trickle server until Ctrl-C or SIGTERM. Prints one line with its URL when it listens.')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 is any free one', port, 7800)
    .option('--base-path <path>', 'path the channels are below', basePath, '/')
    .option('--no-autocreate', 'refuse to publish to a channel that does not exist, and to create one over HTTP')
    .option('--channel <name[=mime]>', 'make this channel at the start (repeatable)', channel)
    .option('--changefeed', 'list the channels at _channels and tell of changes on _changes; both make names known')
    .option('--cors <origin>', 'let pages of this origin use the server, * all of them (repeatable)', origin)
    .option('--fast-ingest', 'pays for publishers that send many small chunks; costs every request a little')
    .option('--json', 'print the line with the URL as JSON')
    .optionsGroup('How long things stay:')
    .option('--window <segments>', 'finished segments that stay readable however old they are', positive, limits.window)
    .option('--keep-ms <ms>', 'and all that finished less than this ago', count, limits.keepMs)
    .option('--linger-ms <ms>', 'a closed channel stays readable for this long', count, limits.lingerMs)
    .option(
      '--tombstone-ms <ms>',
      'a closed name cannot be brought back by a late publisher for this long',
      count,
      limits.tombstoneMs,
    )
    .option(
      '--hole-ms <ms>',
      'a segment that the head passed without a byte is waited for this long',
      count,
      limits.holeMs,
    )
    .option(
      '--resume-ms <ms>',
      'a segment whose publisher died can be gone on with for this long',
      count,
      limits.resumeMs,
    )
    .option('--idle-timeout-ms <ms>', 'a channel without a byte for this long is closed', count, limits.idleTimeoutMs)
    .option(
      '--laggard-ms <ms>',
      'a reader is cut when its segment left the window this long ago',
      count,
      limits.laggardMs,
    )
    .optionsGroup('How much there may be:')
    .option('--segment-bytes <bytes>', 'bytes of a segment', positive, limits.segmentBytes)
    .option('--event-bytes <bytes>', 'bytes of a line on a JSONL channel', positive, limits.eventBytes)
    .option('--keep-bytes <bytes>', 'bytes of finished segments kept for a channel', count, limits.keepBytes)
    .option('--budget-bytes <bytes>', 'bytes kept for all channels together', positive, limits.budgetBytes)
    .option('--max-channels <count>', 'channels', positive, limits.maxChannels)
    .option('--max-readers <count>', 'readers at one time', positive, limits.maxReaders)
    .action((flags: ServeFlags) => run(flags, terminal));
}

async function run({ json, channel: channels, ...options }: ServeFlags, terminal: Terminal): Promise<void> {
  const serving = await serve({
    ...options,
    ...(channels ? { channels: [...channels] } : {}),
    onWarning: (warning) => terminal.stderr.write(`runnel: ${warning}\n`),
  }).catch((error: unknown) => {
    // An address that cannot be listened on is no wrong usage; the server's sentence says what to do.
    if (error instanceof TrickleError && isSystemError(error.cause)) throw new CommandError(error.message);
    throw error;
  });
  const { url, port } = serving;
  await put(
    terminal.stdout,
    json ? `${JSON.stringify({ url, host: options.host, port })}\n` : `runnel serves ${url}\n`,
  );
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
  await serving.close();
}
