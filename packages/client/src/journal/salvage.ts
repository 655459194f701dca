/** Saves what can still be read of a damaged journal: whatever no sink, or not every sink, has had, the cursors, the positions and the dead. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { COLUMNS, type Row, readRow } from './row.ts';
import type { Store } from './store.ts';

export interface Salvage {
  /** Envelopes that were read. */
  readonly found: number;
  /** Envelopes that some sink was still to get and that could not be read; undefined if the cursors could not be read either. */
  readonly lost: number | undefined;
  readonly cursorsLost: boolean;
}

/** Tables that are copied as they are, as far as they can be read. */
const COPIED = ['sinks', 'dropped', 'sessions', 'totals', 'dead', 'parked', 'consent'] as const;
/** A head that asks for more than this many times the file is damaged itself. */
const MOST_LENGTHENING = 1000;
/** Envelopes read at once while nothing is wrong. */
const PIECE = 1000;

/** Copies from the file at `from`, which is no journal at all in the worst case, into an empty one. */
export function salvage(from: string, to: Store): Salvage {
  let db: DatabaseSync | undefined;
  try {
    lengthen(from);
    db = new DatabaseSync(from);
    // Alone with it: a log's index needs room on a disk that may have none.
    db.exec('PRAGMA locking_mode = exclusive; PRAGMA query_only = 1; PRAGMA cell_size_check = 1');
  } catch {
    return { found: 0, lost: undefined, cursorsLost: true };
  }
  try {
    return copy(db, to);
  } finally {
    db.close();
  }
}

function copy(from: DatabaseSync, to: Store): Salvage {
  return to.transaction('full', (statements) => {
    const copied = Object.fromEntries(COPIED.map((table) => [table, copyTable(from, to, table)]));
    const sinks = statements.sinks.all();
    const settled = sinks.length > 0 ? Math.min(...sinks.map((sink) => Number(sink.settled))) : 0;
    let found = 0;
    let bytes = 0;
    for (const { n, envelope } of rows(from, settled, to)) {
      const { session, id, relayedVia, receivedAt } = envelope;
      to.prepared(`INSERT OR IGNORE INTO envelopes (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`).run(
        n,
        session,
        id ?? null,
        relayedVia,
        receivedAt,
        envelope.bytes,
      );
      found++;
      bytes += envelope.bytes.length;
    }
    statements.setTotal.run('rows', found);
    statements.setTotal.run('bytes', bytes);
    statements.setTotal.run('trimmed', 0);
    statements.setTotal.run('salvaged', 1);
    const cursorsLost = !copied.sinks || sinks.length === 0;
    return { found, cursorsLost, lost: cursorsLost ? undefined : countLost(to) };
  });
}

/** False if not all of it could be read. */
function copyTable(from: DatabaseSync, to: Store, table: (typeof COPIED)[number]): boolean {
  try {
    for (const row of from.prepare(`SELECT * FROM ${table}`).iterate()) {
      const names = Object.keys(row);
      const insert = `INSERT OR IGNORE INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`;
      try {
        to.prepared(insert).run(...Object.values(row));
      } catch {
        // A row that does not fit its table was never written like that.
      }
    }
    return true;
  } catch {
    return false;
  }
}

/** What is parked, and all behind `settled`, past any that cannot be read. */
function* rows(from: DatabaseSync, settled: number, to: Store): Generator<Row> {
  const one = attempt(() => from.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE n = ?`));
  const piece = attempt(() => from.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE n > ? AND n <= ? ORDER BY n`));
  if (!one || !piece) return;
  for (const { n } of to.prepared('SELECT DISTINCT n FROM parked WHERE n <= ?').all(settled)) {
    const row = attempt(() => readRow(one.get(Number(n)) ?? {}));
    if (row) yield row;
  }
  const edge = (sql: string) => attempt(() => Number(from.prepare(sql).get(settled)?.n ?? 0)) ?? 0;
  const last = Math.max(to.total('last'), edge('SELECT max(n) AS n FROM envelopes WHERE n > ?'));
  const alone = (n: number) => attempt(() => readRow(one.get(n) ?? {}));
  let size = PIECE;
  for (let at = Math.max(settled, edge('SELECT min(n) AS n FROM envelopes WHERE n > ?') - 1); at < last; ) {
    const found = attempt(() => piece.all(at, at + size).map(readRow));
    if (found) {
      const seen = new Set<number>();
      for (const row of found) {
        if (!row) continue;
        seen.add(row.n);
        yield row;
      }
      // A damaged page may also leave out what is behind it without a word.
      for (let n = at + 1; n <= Math.min(at + size, last); n++) {
        const row = seen.has(n) ? undefined : alone(n);
        if (row) yield row;
      }
      at += size;
      size = Math.min(PIECE, size * 2);
    } else if (size > 1) size = Math.ceil(size / 4);
    else {
      // A range of one steps on the damaged page beside its row; the row itself may be whole.
      at++;
      const row = alone(at);
      if (row) yield row;
    }
  }
}

/** What each sink was to get beyond what was found is counted as dropped, `damaged`. Returns the most that one sink lost. */
function countLost(to: Store): number {
  const { sinks, drops, setDropped } = to.statements;
  let most = 0;
  for (const { sink, settled, arrived, delivered } of sinks.all()) {
    const dropped = new Map(drops.all(String(sink)).map(({ reason, count }) => [reason, Number(count)]));
    const gone = [...dropped.values()].reduce((sum, count) => sum + count, 0);
    to.prepared('DELETE FROM parked WHERE NOT EXISTS (SELECT 1 FROM envelopes WHERE envelopes.n = parked.n)').run();
    const found = Number(
      to
        .prepared(
          'SELECT (SELECT count(*) FROM envelopes WHERE n > ?1) + (SELECT count(*) FROM parked WHERE sink = ?2 AND n <= ?1) AS found',
        )
        .get(Number(settled), String(sink))?.found,
    );
    const lost = Number(arrived) - Number(delivered) - gone - found;
    if (lost > 0) setDropped.run(String(sink), 'damaged', (dropped.get('damaged') ?? 0) + lost);
    most = Math.max(most, lost);
  }
  return most;
}

/** SQLite reads nothing of a file that is shorter than its head says, so its end is made up for by zeros: pages that cannot be read, like any other. */
function lengthen(path: string): void {
  const head = Buffer.alloc(32);
  const file = openSync(path, 'r+');
  try {
    readSync(file, head, 0, head.length, 0);
    const pageBytes = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
    const bytes = head.readUInt32BE(28) * pageBytes;
    const isDatabase = head.subarray(0, 15).equals(Buffer.from('SQLite format 3'));
    const { size } = fstatSync(file);
    if (isDatabase && bytes > size && bytes < size * MOST_LENGTHENING) ftruncateSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
