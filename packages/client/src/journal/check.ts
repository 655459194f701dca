/** Whether a file is a journal that can be used: all of a small one is looked at, and samples of a large one, so that a million envelopes do not hold up the start. */
import type { DatabaseSync } from 'node:sqlite';
import { TrickleError } from '@runnel/protocol';
import { COLUMNS, readRow } from './row.ts';
import { APPLICATION_ID, createTables, TABLE_NAMES, VERSION } from './tables.ts';

/** A file that is none of ours, or not whole. */
export class NoJournal extends Error {
  override readonly name = 'NoJournal';
}

/** Pages of a file that is small enough to be looked at whole. */
const MOST_PAGES = 1024;
const SAMPLES = 64;

/** Makes the tables of a new file; of another, throws NoJournal, SQLite's error, or TrickleError `invalid` if a newer version made it. */
export function prepareTables(db: DatabaseSync, path: string): void {
  const names = db.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  const tables = names.all().map(({ name }) => String(name));
  const application = pragma(db, 'application_id');
  if (tables.length === 0 && application === 0) {
    createTables(db);
    return;
  }
  if (application !== APPLICATION_ID) throw new NoJournal('it is no journal of a relay');
  if (pragma(db, 'user_version') > VERSION) {
    throw new TrickleError(
      'invalid',
      `the journal ${path} was made by a newer version of the relay: use that, or another journal`,
    );
  }
  if (tables.join() !== TABLE_NAMES.join()) throw new NoJournal('it lacks tables');
  if (pragma(db, 'page_count') <= MOST_PAGES) checkWhole(db);
  else checkSamples(db);
}

function checkWhole(db: DatabaseSync): void {
  const found = String(db.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  if (found !== 'ok') throw new NoJournal(found);
}

function checkSamples(db: DatabaseSync): void {
  const { first, last } = db.prepare('SELECT min(n) AS first, max(n) AS last FROM envelopes').get() ?? {};
  if (typeof first !== 'number' || typeof last !== 'number') return;
  const next = db.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE n >= ? ORDER BY n LIMIT 1`);
  for (let sample = 0; sample <= SAMPLES; sample++) {
    const at = Math.floor(first + ((last - first) * sample) / SAMPLES);
    if (!readRow(next.get(at) ?? {})) throw new NoJournal(`envelope ${at} cannot be read`);
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
