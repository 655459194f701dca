/** `runnel journal`: look into a journal, send out of it again, delete from it. */
import { type DeadLetter, openReader } from '@runnel/client';
import { Command } from 'commander';
import { positive } from './arguments.ts';
import { dropped } from './audit.ts';
import { change, type PurgeFlags, purgeOf, type ReplayFlags, replayOf } from './journal-change.ts';
import { table } from './table.ts';
import { put, type Terminal } from './terminal.ts';
import { time } from './time.ts';

export function journalCommand(terminal: Terminal): Command {
  const command = new Command('journal')
    .summary('look into a journal, send from it again, delete from it')
    .description(
      'What a relay keeps until its sinks have it. The relay may be running: it then carries out what changes the journal.',
    );
  const part = (name: string, text: string) => command.command(`${name} <path>`).description(text);
  part('inspect', 'what is kept, and how far each sink is')
    .option('--json', 'write one JSON object')
    .action((path: string, { json = false }: { json?: boolean }) => inspect(path, json, terminal));
  part('dead', 'what sinks refused for ever, one JSON object a line')
    .option('--sink <name>', 'of this sink alone')
    .action((path: string, { sink }: { sink?: string }) => dead(path, sink, terminal));
  part('replay', 'send a sink once more what is kept')
    .requiredOption('--sink <name>', 'to this sink')
    .option('--since <time>', 'what came at this time or later: 2026-01-31T12:00Z, or 90s, 15m, 2h, 1d ago', time)
    .option('--id <id>', 'the event with this id and all that came after it')
    .option('--from <n>', 'envelope number n and all after it', positive)
    .option('--dead', 'what it refused')
    .action((path: string, flags: ReplayFlags) => change(path, replayOf(flags), 'to be sent again', terminal));
  part('purge', 'drop what a sink was to get')
    .requiredOption('--sink <name>', 'of this sink')
    .option('--before <time>', 'only what came before this time: 2026-01-31T12:00Z, or 90s, 15m, 2h, 1d ago', time)
    .option('--dead', 'only what it refused')
    .option('--forget', 'the sink itself too; for one that no relay has any more')
    .action((path: string, flags: PurgeFlags) => change(path, purgeOf(flags), 'dropped', terminal));
  return command;
}

async function inspect(path: string, json: boolean, { stdout }: Terminal): Promise<void> {
  const reader = openReader(path);
  try {
    const { journal, sinks } = reader.ledger();
    if (json) return await put(stdout, `${JSON.stringify({ journal, sinks })}\n`);
    const rows = sinks.map((line) => {
      const { sink, pending, parked, oldestAt, movedAt, dead } = line;
      return [sink, `${pending}`, `${parked}`, when(oldestAt), when(movedAt), dropped(line), `${dead}`];
    });
    const titles = ['SINK', 'PENDING', 'PARKED', 'OLDEST PENDING', 'LAST SETTLED', 'DROPPED', 'DEAD'];
    await put(stdout, `${journal.rows} events, ${journal.bytes} bytes\n\n${table(titles, rows)}`);
  } finally {
    reader.close();
  }
}

const when = (at: number | undefined) => (at === undefined ? '-' : new Date(at).toISOString());

async function dead(path: string, sink: string | undefined, { stdout }: Terminal): Promise<void> {
  const reader = openReader(path);
  try {
    for (const letter of reader.dead(sink)) await put(stdout, deadLine(letter));
  } finally {
    reader.close();
  }
}

/** The event stands last, and as it came. */
function deadLine({ n, envelope, sink, reason, status, response, at }: DeadLetter): string {
  const { session, bytes } = envelope;
  const about = JSON.stringify({ n, sink, at: when(at), reason, status, response, session });
  return `${about.slice(0, -1)},"event":${Buffer.from(bytes).toString()}}\n`;
}
