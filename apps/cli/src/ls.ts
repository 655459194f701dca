/** `runnel ls`: the channels of a server. */
import { Readable } from 'node:stream';
import type { ListedChannel } from '@runnel/protocol';
import { listChannels } from '@runnel/pubsub';
import { Command } from 'commander';
import { stringify } from 'ndjson';
import { baseUrl } from './arguments.ts';
import { type Change, type Get, recentChanges } from './changes.ts';
import { type ConnectionFlags, connectionOf, withConnection } from './connection.ts';
import { CommandError, Exit } from './exit.ts';
import { printable, table } from './table.ts';
import { put, type Terminal } from './terminal.ts';

interface LsFlags extends ConnectionFlags {
  readonly json?: boolean;
}

export function lsCommand(terminal: Terminal): Command {
  return withConnection(new Command('ls'))
    .summary('list the channels of a server')
    .description(
      'Lists the channels of a server. A Runnel server lists them if it was started with --changefeed; of another server the changes are shown that its changefeed still holds.',
    )
    .argument('<url>', 'the server, e.g. http://127.0.0.1:7800/', baseUrl)
    .option('--json', 'write one JSON object a channel')
    .action((url: string, flags: LsFlags) => run(url, flags, terminal));
}

async function run(url: string, flags: LsFlags, terminal: Terminal): Promise<void> {
  const { transport, headers } = connectionOf(flags);
  const channels = await listChannels(url, { transport, headers, signal: terminal.signal });
  if (channels) return flags.json ? writeObjects(channels, terminal) : put(terminal.stdout, channelTable(channels));
  const get: Get = (address) => transport.get(address, { headers, signal: terminal.signal });
  const changes = await recentChanges(url, get);
  if (!changes) {
    throw new CommandError(`${url} does not list its channels; a Runnel server does with --changefeed.`, Exit.notFound);
  }
  terminal.stderr.write(`${url} does not list its channels; these are the last changes its changefeed holds.\n`);
  return flags.json ? writeObjects(changes, terminal) : put(terminal.stdout, changes.map(changeLine).join(''));
}

/** These objects are made here, so `ndjson` writes them; bytes that somebody else made never pass through it. */
async function writeObjects(objects: readonly object[], { stdout }: Terminal): Promise<void> {
  for await (const line of Readable.from(objects).pipe(stringify())) await put(stdout, line);
}

function channelTable(channels: readonly ListedChannel[]): string {
  const rows = channels.map(({ name, mime, head, oldest, readers, writers, bytes, closed }) => [
    name,
    mime,
    `${head}`,
    `${oldest ?? '-'}`,
    `${readers}`,
    `${writers}`,
    `${bytes}`,
    closed ? 'closed' : 'open',
  ]);
  return table(['NAME', 'TYPE', 'HEAD', 'OLDEST', 'READERS', 'WRITERS', 'BYTES', 'STATE'], rows);
}

function changeLine({ added = [], removed = [] }: Change): string {
  return [...added.map((name) => `+ ${printable(name)}\n`), ...removed.map((name) => `- ${printable(name)}\n`)].join(
    '',
  );
}
