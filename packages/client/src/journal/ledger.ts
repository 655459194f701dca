/** The books of a journal, each line of which must balance. What is pending is counted, not worked out, so that a mistake shows. */
import type { DatabaseSync } from 'node:sqlite';

/** `in = relayed + malformed + replay + withheld`. */
export interface SessionLine {
  readonly session: string;
  readonly in: number;
  readonly relayed: number;
  readonly malformed: number;
  readonly replay: number;
  readonly withheld: number;
  /** Events of the runner that gaps in seq say did not come. */
  readonly missed: number;
  readonly balances: boolean;
}

/** `relayed = committed + dropped`. */
export interface JournalLine {
  /** By all sessions. */
  readonly relayed: number;
  readonly committed: number;
  /** Before they could be committed. */
  readonly dropped: number;
  /** Of those kept now. */
  readonly rows: number;
  readonly bytes: number;
  readonly balances: boolean;
}

/** `in = out + pending + ` all of `dropped`. */
export interface SinkLine {
  readonly sink: string;
  readonly in: number;
  readonly out: number;
  readonly pending: number;
  readonly parked: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Of those refused, kept with the reason. */
  readonly dead: number;
  /** When the oldest that is pending came, and when something was settled last: milliseconds since 1970. */
  readonly oldestAt: number | undefined;
  readonly movedAt: number | undefined;
  readonly balances: boolean;
}

export interface Ledger {
  readonly sessions: readonly SessionLine[];
  readonly journal: JournalLine;
  readonly sinks: readonly SinkLine[];
  /** When users took consent back, newest first, at most 100. */
  readonly consent: readonly { readonly user: string; readonly at: number; readonly envelopes: number }[];
  /** Whether every line does. */
  readonly balances: boolean;
}

/** Reads the books; within one transaction of the caller, so that they are of one moment. */
export function ledgerOf(db: DatabaseSync): Ledger {
  const sessions = db.prepare('SELECT session, position, books FROM sessions ORDER BY session').all().map(sessionLine);
  const journal = journalLine(db, sessions);
  const sinks = db
    .prepare('SELECT * FROM sinks ORDER BY sink')
    .all()
    .map((row) => sinkLine(db, row));
  const consent = db
    .prepare('SELECT user_id, taken_back_at, envelopes FROM consent ORDER BY entry DESC LIMIT 100')
    .all()
    .map((row) => ({ user: String(row.user_id), at: Number(row.taken_back_at), envelopes: Number(row.envelopes) }));
  return {
    sessions,
    journal,
    sinks,
    consent,
    balances: [...sessions, journal, ...sinks].every((line) => line.balances),
  };
}

type Values = Readonly<Record<string, unknown>>;

function sessionLine(row: Values): SessionLine {
  const { telemetry = {}, startsBefore = {} } = JSON.parse(String(row.books));
  const { missed: newest = {} } = JSON.parse(String(row.position)).telemetry ?? {};
  const { in: came = 0, relayed = 0, malformed = 0, replay = 0, withheld = 0 } = telemetry;
  const missed = (startsBefore.missed ?? 0) + (newest.before ?? 0) + (newest.gap ?? 0);
  const balances = came === relayed + malformed + replay + withheld;
  return { session: String(row.session), in: came, relayed, malformed, replay, withheld, missed, balances };
}

function journalLine(db: DatabaseSync, sessions: readonly SessionLine[]): JournalLine {
  const totals = new Map(
    db
      .prepare('SELECT name, value FROM totals')
      .all()
      .map(({ name, value }) => [name, Number(value)]),
  );
  const { rows, bytes } = db
    .prepare('SELECT count(*) AS rows, sum(length(bytes)) AS bytes FROM envelopes')
    .get() as Record<string, number>;
  const relayed = sessions.reduce((sum, line) => sum + line.relayed, 0);
  const committed = totals.get('last') ?? 0;
  const dropped = totals.get('unkept') ?? 0;
  // What damage took from the sessions' books is not to be had back.
  const known = totals.has('salvaged') || relayed === committed + dropped;
  const balances = known && (totals.get('rows') ?? 0) === rows && (totals.get('bytes') ?? 0) === (bytes ?? 0);
  return { relayed, committed, dropped, rows: rows ?? 0, bytes: bytes ?? 0, balances };
}

function sinkLine(db: DatabaseSync, row: Values): SinkLine {
  const sink = String(row.sink);
  const settled = Number(row.settled);
  const count = (sql: string, ...values: (string | number)[]) =>
    Number(Object.values(db.prepare(sql).get(...values) ?? {})[0] ?? 0);
  const dropped = Object.fromEntries(
    db
      .prepare('SELECT reason, count FROM dropped WHERE sink = ?')
      .all(sink)
      .map((each) => [String(each.reason), Number(each.count)]),
  );
  const parked = count('SELECT count(*) FROM parked WHERE sink = ?', sink);
  const ahead = count('SELECT count(*) FROM envelopes WHERE n > ?', settled);
  const pending = ahead + count('SELECT count(*) FROM parked WHERE sink = ? AND n <= ?', sink, settled);
  const oldestAt = count(
    'SELECT min(received_at) FROM (SELECT received_at FROM envelopes WHERE n > ? ORDER BY n LIMIT 1)',
    settled,
  );
  const gone = Object.values(dropped).reduce((sum, each) => sum + each, 0);
  const [arrived, out] = [Number(row.arrived), Number(row.delivered)];
  return {
    sink,
    in: arrived,
    out,
    pending,
    parked,
    dropped,
    dead: count('SELECT count(*) FROM dead WHERE sink = ?', sink),
    oldestAt: oldestAt || undefined,
    movedAt: row.moved_at === null ? undefined : Number(row.moved_at),
    balances: arrived === out + pending + gone,
  };
}
