/** What happens to a journal on a bad disk, and what of it can still be read. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { partsOf } from './feed.ts';
import { textOf, withCopy } from './journal-files.ts';
import type { Random } from './random.ts';

/** Cuts or flips bytes of the journal or of its log; returns what it did. */
export function wreck(journal: string, random: Random): string {
  const file = random.pick(['', '-wal']);
  const bytes = readFileSync(journal + file);
  const name = file === '' ? 'the journal' : 'its log';
  if (random.fraction() < 0.4) {
    const length = random.whole(0, bytes.length - 1);
    writeFileSync(journal + file, bytes.subarray(0, length));
    return `${name} cut to ${length} of ${bytes.length} bytes`;
  }
  // Half of them near the beginning, where the tables' own pages are.
  const within = random.fraction() < 0.5 ? Math.min(65_536, bytes.length) : bytes.length;
  const places = Array.from({ length: random.pick([1, 8, 64]) }, () => random.whole(0, within - 1));
  for (const at of places) bytes[at] = (bytes[at] as number) ^ random.whole(1, 255);
  writeFileSync(journal + file, bytes);
  return `${name} with ${places.length} of its first ${within} bytes flipped`;
}

/** The events that can be read as they were, asked for one by one, behind what the damaged journal says was delivered. */
export function intact(events: ReadonlyMap<number, string>, journal: string): readonly string[] {
  try {
    return withCopy(journal, (db) => {
      const settled = settledIn(db);
      const one = db.prepare('SELECT session, id, via, typeof(received_at) AS at, bytes FROM envelopes WHERE n = ?');
      return [...events].filter(([n, line]) => n > settled && isIntact(one, n, line)).map(([, line]) => line);
    });
  } catch {
    return []; // Not even its tables can be read.
  }
}

function isIntact(one: ReturnType<DatabaseSync['prepare']>, n: number, line: string): boolean {
  try {
    const { session, id, via, at, bytes } = one.get(n) ?? {};
    // Whose event it is must be readable too.
    const isWhose = session === partsOf(String(id)).session && via === 'trickle' && at === 'integer';
    return isWhose && textOf(bytes) === line;
  } catch {
    return false;
  }
}

function settledIn(db: DatabaseSync): number {
  try {
    return Number(db.prepare('SELECT settled FROM sinks').get()?.settled ?? 0);
  } catch {
    return 0;
  }
}
