/** `runnel journal replay` and `purge`: what they ask of the journal, and how far that is. */
import { askJournal, type JournalReader, openReader, type Request } from '@runnel/client';
import { systemClock, TrickleError } from '@runnel/protocol';
import { Bar } from './bar.ts';
import { CommandError, Exit } from './exit.ts';
import { put, type Terminal } from './terminal.ts';

export interface ReplayFlags {
  readonly sink: string;
  readonly since?: number;
  readonly id?: string;
  readonly from?: number;
  readonly dead?: boolean;
}

export interface PurgeFlags {
  readonly sink: string;
  readonly before?: number;
  readonly dead?: boolean;
  readonly forget?: boolean;
}

/** Looks in the journal for what the request has to say; undefined if there is nothing to ask for. */
type Find = (reader: JournalReader, report: Bar['draw']) => Request | undefined;

export function replayOf({ sink, since, id, from, dead }: ReplayFlags): Find {
  if (given(since, id, from, dead) !== 1)
    throw new CommandError('Say one of --since, --id, --from and --dead.', Exit.usage);
  return (reader, report) => {
    if (dead) return { kind: 'replay_dead', sink };
    if (from !== undefined) return { kind: 'replay', sink, from };
    const found = id === undefined ? reader.firstSince(since ?? 0, report) : reader.numberOf(id, report);
    if (found === undefined && id !== undefined)
      throw new CommandError(`The journal keeps no event ${id}.`, Exit.notFound);
    return found === undefined ? undefined : { kind: 'replay', sink, from: found };
  };
}

export function purgeOf({ sink, before, dead, forget }: PurgeFlags): Find {
  if (given(before, dead, forget) > 1)
    throw new CommandError('Say at most one of --before, --dead and --forget.', Exit.usage);
  return (reader, report) => {
    if (dead) return { kind: 'purge_dead', sink };
    if (forget) return { kind: 'forget', sink };
    const end = before === undefined ? undefined : reader.firstSince(before, report);
    return { kind: 'purge', sink, to: end === undefined ? Number.MAX_SAFE_INTEGER : end - 1 };
  };
}

/** Has it done, with a bar on a terminal, and says to how many events. */
export async function change(path: string, find: Find, became: string, terminal: Terminal): Promise<void> {
  const { stdout, stderr, signal } = terminal;
  const bar = new Bar(stderr, systemClock);
  const reader = openReader(path);
  let count = 0;
  try {
    const request = find(reader, bar.draw);
    if (request) count = await askJournal(path, request, { signal, onProgress: bar.draw });
  } catch (error) {
    throw error instanceof TrickleError && error.code === 'invalid' ? new CommandError(`${error.message}.`) : error;
  } finally {
    reader.close();
    bar.finish();
  }
  await put(stdout, `${count} ${count === 1 ? 'event' : 'events'} ${became}\n`);
}

const given = (...values: readonly unknown[]) => values.filter((value) => value !== undefined).length;
