/** A look into a journal from another process, while its relay runs or when none does. It changes nothing. */
import { DatabaseSync } from 'node:sqlite';
import { TrickleError } from '@runnel/protocol';
import { type DeadLetter, readDead } from './dead-letter.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { APPLICATION_ID, VERSION } from './tables.ts';

export interface JournalReader {
  /** The books, as they are at one moment. */
  ledger(): Ledger;
  /** The dead, oldest first, of one sink or of all. */
  dead(sink?: string): Iterable<DeadLetter>;
  /** The number of the first envelope that is of that time or later, in milliseconds since 1970; undefined if there is none. */
  firstSince(ms: number, report?: (done: number, total: number) => void): number | undefined;
  /** The number of the envelope with that id; undefined if it is not kept. */
  numberOf(id: string, report?: (done: number, total: number) => void): number | undefined;
  close(): void;
}

const PIECE = 10_000;

/** Opens the journal at `path` to be read. Throws TrickleError `invalid` if there is none. The caller closes it. */
export function openReader(path: string): JournalReader {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
    if (pragma(db, 'application_id') !== APPLICATION_ID || pragma(db, 'user_version') !== VERSION)
      throw new Error('it is none, or of another version');
  } catch (error) {
    db?.close();
    throw new TrickleError('invalid', `no journal can be read at ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return reader(db);
}

function reader(db: DatabaseSync): JournalReader {
  return {
    ledger() {
      db.exec('BEGIN');
      try {
        return ledgerOf(db);
      } finally {
        db.exec('COMMIT');
      }
    },
    *dead(sink) {
      const rows = db
        .prepare('SELECT * FROM dead WHERE ? IS NULL OR sink = ? ORDER BY entry')
        .iterate(sink ?? null, sink ?? null);
      for (const row of rows) {
        const letter = readDead(row);
        if (letter) yield letter;
      }
    },
    firstSince: (ms, report) => find(db, 'received_at >= ?', ms, report),
    numberOf: (id, report) => find(db, 'id = ?', id, report),
    close: () => db.close(),
  };
}

/** There is no index beside the number, so all are looked at, a piece at a time. */
function find(
  db: DatabaseSync,
  condition: string,
  value: string | number,
  report: (done: number, total: number) => void = () => {},
): number | undefined {
  const { first, last } = db.prepare('SELECT min(n) AS first, max(n) AS last FROM envelopes').get() ?? {};
  if (typeof first !== 'number' || typeof last !== 'number') return undefined;
  const next = db.prepare(`SELECT n FROM envelopes WHERE n > ? AND n <= ? AND ${condition} ORDER BY n LIMIT 1`);
  for (let at = first - 1; at < last; at += PIECE) {
    report(at - first + 1, last - first + 1);
    const row = next.get(at, at + PIECE, value);
    if (row) return Number(row.n);
  }
  return undefined;
}

const pragma = (db: DatabaseSync, name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
