/** The open database of a journal: its connection, its statements, its transactions. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { prepareInsert } from './insert.ts';
import { COLUMNS } from './row.ts';

/** `full`: the disk has it when the transaction is over. `normal`: the system has it, which a killed process does not undo. */
export type Durability = 'full' | 'normal';

/** How long a reader's short lock, or a request being written, is waited for. */
const BUSY_MS = 250;
const PAGE_BYTES = 16_384;
/** What the write-ahead log holds is moved into the file when it is so much. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;

export class Store {
  readonly db: DatabaseSync;
  readonly statements: ReturnType<typeof prepare>;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #durability: Durability = 'full';

  /** Takes a connection to a journal, which it changes to a write-ahead log; throws SQLite's error if its tables are not there. */
  constructor(db: DatabaseSync) {
    this.db = db;
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = full; PRAGMA cache_size = -4096');
    this.statements = prepare(db);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
  }

  /** All of `write` or nothing of it. Throws what went wrong; then nothing was changed. */
  transaction<T>(durability: Durability, write: (statements: Store['statements']) => T): T {
    if (durability !== this.#durability) this.db.exec(`PRAGMA synchronous = ${durability}`);
    this.#durability = durability;
    this.#begin.run();
    try {
      const result = write(this.statements);
      this.#commit.run();
      return result;
    } catch (error) {
      // Some errors, a full disk among them, have rolled back already.
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  /** A statement that is prepared once. */
  prepared(text: string): StatementSync {
    const statement = this.#prepared.get(text) ?? this.db.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }

  total(name: string): number {
    return (this.statements.total.get(name)?.value as number | undefined) ?? 0;
  }

  close(): void {
    this.db.close();
  }
}

/** Opens a connection to a file, or to memory with `:memory:`. */
export function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  // Counts for files that are still to be made. Of SQLite's usual pages twelve events fill one, and a commit writes four times as many.
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_BYTES / PAGE_BYTES}`);
  return db;
}

function prepare(db: DatabaseSync) {
  return {
    insert: prepareInsert(db),
    after: db.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE n > ? ORDER BY n LIMIT ?`),
    one: db.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE n = ?`),
    first: db.prepare('SELECT min(n) AS n FROM envelopes'),
    last: db.prepare('SELECT max(n) AS n FROM envelopes'),
    receivedAfter: db.prepare('SELECT received_at AS at FROM envelopes WHERE n > ? ORDER BY n LIMIT 1'),
    countAfter: db.prepare('SELECT count(*) AS count FROM envelopes WHERE n > ?'),
    remove: db.prepare('DELETE FROM envelopes WHERE n = ?'),

    total: db.prepare('SELECT value FROM totals WHERE name = ?'),
    setTotal: db.prepare('INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),

    setTotals: db.prepare(
      "INSERT INTO totals VALUES ('rows', ?), ('bytes', ?), ('trimmed', ?), ('last', ?), ('unkept', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),

    sinks: db.prepare('SELECT * FROM sinks ORDER BY sink'),
    arrive: db.prepare('UPDATE sinks SET arrived = arrived + ?'),
    setSink: db.prepare(
      'INSERT INTO sinks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET settled = excluded.settled, arrived = excluded.arrived, delivered = excluded.delivered, moved_at = excluded.moved_at',
    ),
    forgetSink: db.prepare('DELETE FROM sinks WHERE sink = ?'),
    drops: db.prepare('SELECT reason, count FROM dropped WHERE sink = ?'),
    setDropped: db.prepare('INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count'),
    addDropped: db.prepare(
      'INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    ),
    forgetDrops: db.prepare('DELETE FROM dropped WHERE sink = ?'),

    park: db.prepare('INSERT INTO parked VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    unpark: db.prepare('DELETE FROM parked WHERE n = ? AND sink = ?'),
    parked: db.prepare('SELECT n, key, bytes FROM parked WHERE sink = ? ORDER BY n'),
    parkedFor: db.prepare('SELECT sink FROM parked WHERE n = ?'),
    forgetParked: db.prepare('DELETE FROM parked WHERE sink = ?'),

    bury: db.prepare(
      'INSERT INTO dead (sink, n, session, id, via, received_at, bytes, reason, status, response, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    countDead: db.prepare('SELECT count(*) AS count FROM dead'),
    countDeadOf: db.prepare('SELECT count(*) AS count FROM dead WHERE sink = ?'),
    forgetOldestDead: db.prepare('DELETE FROM dead WHERE entry IN (SELECT entry FROM dead ORDER BY entry LIMIT ?)'),
    deadOf: db.prepare('SELECT * FROM dead WHERE (? IS NULL OR sink = ?) AND entry > ? ORDER BY entry LIMIT ?'),
    deadBefore: db.prepare('SELECT * FROM dead WHERE sink = ? AND entry < ? ORDER BY entry DESC'),
    deadOne: db.prepare('SELECT * FROM dead WHERE sink = ? AND entry = ?'),
    forgetDead: db.prepare('DELETE FROM dead WHERE sink = ?'),
    raise: db.prepare('DELETE FROM dead WHERE entry = ?'),

    session: db.prepare('SELECT position, books FROM sessions WHERE session = ?'),
    sessions: db.prepare('SELECT session, books FROM sessions ORDER BY session'),
    setSession: db.prepare(
      'INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET position = excluded.position, books = excluded.books',
    ),

    ask: db.prepare('INSERT INTO requests (asked, asked_at) VALUES (?, ?)'),
    asked: db.prepare('SELECT request, asked FROM requests WHERE answer IS NULL ORDER BY request LIMIT 1'),
    progress: db.prepare('UPDATE requests SET done = ?, total = ? WHERE request = ?'),
    answer: db.prepare('UPDATE requests SET answer = ? WHERE request = ?'),
    countAsked: db.prepare('SELECT count(*) AS count FROM requests WHERE answer IS NULL'),
    newestRequests: db.prepare(
      'SELECT * FROM requests WHERE answer IS NULL OR asked_at >= ? ORDER BY request DESC LIMIT 20',
    ),
    forgetRequests: db.prepare(
      'DELETE FROM requests WHERE answer IS NOT NULL AND request < (SELECT max(request) FROM requests) - 1000',
    ),

    takenBack: db.prepare('INSERT INTO consent (user_id, taken_back_at, envelopes) VALUES (?, ?, ?)'),
    consent: db.prepare('SELECT user_id, taken_back_at, envelopes FROM consent ORDER BY entry DESC LIMIT ?'),
  } satisfies Record<string, StatementSync | ReturnType<typeof prepareInsert>>;
}
