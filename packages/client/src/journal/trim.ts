/** What leaves the journal: what all sinks have settled, and, where it grows over its bounds, the oldest. A piece at a time. EGRESS 2.13. */
import type { Cursor, Deleted } from './cursor.ts';
import type { Store } from './store.ts';

export interface Bounds {
  /** Most bytes of envelopes that are kept. */
  readonly maxBytes: number;
  /** Most envelopes. */
  readonly maxEnvelopes: number;
  /** Longest that one is kept, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long an envelope stays that all sinks have settled, so that it can be sent again. */
  readonly keepMs: number;
  /** Most envelopes, and bytes of them, that wait in memory while they can not be committed. */
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
}

/** How much a lane may have in hand. One may always be. */
export interface Hand {
  readonly envelopes: number;
  readonly bytes: number;
}

export interface Totals {
  readonly rows: number;
  readonly bytes: number;
  /** All up to this number are deleted, but for parked ones. */
  readonly trimmed: number;
}

interface Trimming {
  readonly store: Store;
  readonly bounds: Bounds;
  readonly cursors: readonly Cursor[];
  readonly totals: Totals;
  readonly wall: number;
  /** Rows that are not parked any more, by one sink at least. */
  readonly freed: readonly number[];
  /** Also pieces that are smaller than usual. */
  readonly all: boolean;
  /** Envelopes that have just been committed: where the journal is full, as many must leave. */
  readonly came: number;
}

interface Trimmed {
  readonly totals: Totals;
  readonly dropped: readonly Deleted[];
}

/** Envelopes of one deletion. */
const PIECE = 1024;

/** Envelopes that a lane has in hand at most, since each that it has passed over or settled ahead of another is remembered. */
const MOST_IN_HAND = 100_000;

/**
 * What each of so many lanes may have in hand. That can not be dropped, so together they have half of what the journal holds: then what leaves is older than
 * what a lane has yet to read that keeps up, however many others stand still. EGRESS 2.18.
 */
export function handOf({ maxEnvelopes, maxBytes }: Bounds, lanes: number): Hand {
  const share = (most: number) => Math.max(1, Math.floor(most / 2 / lanes));
  return { envelopes: Math.min(share(maxEnvelopes), MOST_IN_HAND), bytes: share(maxBytes) };
}

/** One transaction, or undefined if there is nothing to do. Throws SQLite's error; then nothing has changed. */
export function trim(trimming: Trimming): Trimmed | undefined {
  const { totals, bounds } = trimming;
  const over = totals.rows > bounds.maxEnvelopes || totals.bytes > bounds.maxBytes;
  const end = endOfSettled(trimming);
  if (
    !over &&
    end === undefined &&
    trimming.freed.length === 0 &&
    !(trimming.all && oldest(trimming.store, 0) < trimming.wall - bounds.maxAgeMs)
  )
    return undefined;
  return trimming.store.transaction('normal', (statements) => {
    const settled = end === undefined ? totals : deleteSettled(trimming, end);
    const left = deleteFreed(trimming, settled);
    const done = dropOldest(trimming, left);
    for (const [name, value] of Object.entries(done.totals)) statements.setTotal.run(name, value);
    for (const cursor of trimming.cursors) cursor.writeDeleted(statements, done.dropped);
    return done;
  });
}

/** The last envelope of the next piece that every sink has settled and that is old enough. */
function endOfSettled({ store, bounds, cursors, totals, wall, all }: Trimming): number | undefined {
  const settled = Math.min(...cursors.map((cursor) => cursor.settled));
  if (cursors.length === 0 || settled <= totals.trimmed || (!all && settled < totals.trimmed + PIECE)) return undefined;
  // Nearly always the first is too young, and then the whole piece need not be gone through.
  if (bounds.keepMs > 0 && oldest(store, totals.trimmed) >= wall - bounds.keepMs) return undefined;
  const piece = store.prepared(
    'SELECT n, received_at FROM envelopes WHERE n > ? AND n <= ? ORDER BY n LIMIT 1 OFFSET ?',
  );
  const row = piece.get(totals.trimmed, settled, PIECE - 1);
  if (bounds.keepMs === 0) return row ? Number(row.n) : settled;
  return row && Number(row.received_at) < wall - bounds.keepMs ? Number(row.n) : undefined;
}

const PARKED = 'EXISTS (SELECT 1 FROM parked WHERE parked.n = envelopes.n)';

function deleteSettled({ store, totals }: Trimming, end: number): Totals {
  // Nearly always nothing is parked, and then it need not be asked of every row.
  const anyParked = store.prepared('SELECT 1 FROM parked LIMIT 1').get() !== undefined;
  const range = `FROM envelopes WHERE n > ? AND n <= ?${anyParked ? ` AND NOT ${PARKED}` : ''}`;
  const sums = store.prepared(`SELECT count(*) AS rows, sum(length(bytes)) AS bytes ${range}`).get(totals.trimmed, end);
  store.prepared(`DELETE ${range}`).run(totals.trimmed, end);
  return { rows: totals.rows - Number(sums?.rows), bytes: totals.bytes - Number(sums?.bytes ?? 0), trimmed: end };
}

/** Rows that stayed behind, when those around them were deleted, because they were parked. */
function deleteFreed({ store, freed }: Trimming, totals: Totals): Totals {
  let { rows, bytes } = totals;
  const size = store.prepared(`SELECT length(bytes) AS bytes FROM envelopes WHERE n = ? AND NOT ${PARKED}`);
  for (const n of freed) {
    const row = n <= totals.trimmed ? size.get(n) : undefined;
    if (!row) continue;
    store.statements.remove.run(n);
    rows--;
    bytes -= Number(row.bytes);
  }
  return { ...totals, rows, bytes };
}

/** Deletes from the oldest on what no lane has in hand, until the bounds are kept. */
function dropOldest({ store, bounds, cursors, wall, came }: Trimming, totals: Totals): Trimmed {
  const dropped: Deleted[] = [];
  let { rows, bytes } = totals;
  const next = store.prepared(
    'SELECT n, length(bytes) AS length, received_at FROM envelopes WHERE n > ? ORDER BY n LIMIT 1',
  );
  for (let at = 0; dropped.length < Math.max(PIECE, came); ) {
    const row = next.get(at);
    if (!row) break;
    const n = Number(row.n);
    const reason = rows > bounds.maxEnvelopes || bytes > bounds.maxBytes ? 'overflow' : 'age';
    if (reason === 'age' && Number(row.received_at) >= wall - bounds.maxAgeMs) break;
    const holder = cursors.find((cursor) => cursor.holds(n));
    at = holder ? holder.handed : n;
    if (holder) continue;
    store.statements.remove.run(n);
    rows--;
    bytes -= Number(row.length);
    dropped.push({ n, reason });
  }
  return { totals: { rows, bytes, trimmed: totals.trimmed }, dropped };
}

/** When the first behind `n` came; Infinity if there is none. */
function oldest({ statements }: Store, n: number): number {
  return Number(statements.receivedAfter.get(n)?.at ?? Number.POSITIVE_INFINITY);
}
