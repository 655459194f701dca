/** Takes envelopes out of the journal, or back into it, at a person's wish, with the books in order. */
import type { Envelope } from '@runnel/protocol';
import type { Cursor, DropReason, Parked } from './cursor.ts';
import { COLUMNS, readRow } from './row.ts';
import type { Store } from './store.ts';
import type { Totals } from './trim.ts';

/** Envelopes looked at in one turn of the event loop, and the bytes of them beyond which it ends: a thousand of the largest are 5 GiB. */
const PIECE = 1000;
const PIECE_BYTES = 8 * 1024 * 1024;

/** What `removeWhere` and `raiseDead` work on. */
export interface Desk {
  readonly store: Store;
  readonly cursors: ReadonlyMap<string, Cursor>;
  totals: Totals;
  /** The last number given. */
  readonly last: number;
  /** Rows were deleted. */
  readonly onDeleted: () => void;
}

/** Deletes every envelope that `matches`, of the living and the dead, but for what a lane has in hand. Returns how many some sink was still to get. */
export async function removeWhere(
  desk: Desk,
  matches: (envelope: Envelope) => boolean,
  reason: DropReason,
): Promise<number> {
  const cursors = [...desk.cursors.values()];
  let unsent = 0;
  for (let at = 0; at < desk.last; ) {
    const piece = pieceOf(desk.store.statements.after.iterate(at, PIECE));
    const rows = piece.flatMap((row) => readRow(row) ?? []);
    const found = rows.filter(({ n, envelope }) => matches(envelope) && !cursors.some((cursor) => cursor.holds(n)));
    unsent += found.filter(({ n }) => cursors.some((cursor) => cursor.wants(n))).length;
    const bytes = found.reduce((sum, { envelope }) => sum + envelope.bytes.length, 0);
    const totals = { ...desk.totals, rows: desk.totals.rows - found.length, bytes: desk.totals.bytes - bytes };
    const deleted = found.map(({ n }) => ({ n, reason }));
    desk.store.transaction('full', (statements) => {
      for (const { n } of found) statements.remove.run(n);
      for (const cursor of cursors) cursor.writeDeleted(statements, deleted);
      statements.setTotal.run('rows', totals.rows);
      statements.setTotal.run('bytes', totals.bytes);
    });
    desk.totals = totals;
    desk.onDeleted();
    for (const each of deleted) for (const cursor of cursors) cursor.deleted(each);
    at = Number(piece.at(-1)?.n ?? desk.last);
    await new Promise((resolve) => setImmediate(resolve));
  }
  removeDead(desk.store, matches);
  return unsent;
}

function removeDead(store: Store, matches: (envelope: Envelope) => boolean): void {
  for (let entry = 0; ; ) {
    const rows = pieceOf(store.statements.deadOf.iterate(null, null, entry, PIECE));
    if (rows.length === 0) return;
    store.transaction('full', ({ raise }) => {
      for (const row of rows) {
        const dead = readRow(row);
        if (dead && matches(dead.envelope)) raise.run(Number(row.entry));
      }
    });
    entry = Number(rows.at(-1)?.entry);
  }
}

/** Gives a sink its dead once more, or the one with that entry: they are parked for it, beside what else it is to get. Returns how many. */
export async function raiseDead(
  desk: Desk,
  cursor: Cursor,
  only: number | undefined,
  report: (done: number, total: number) => void,
): Promise<number> {
  const { store } = desk;
  const { deadOne, deadOf, countDeadOf } = store.statements;
  const dead = () =>
    only === undefined ? pieceOf(deadOf.iterate(cursor.sink, cursor.sink, 0, PIECE)) : deadOne.all(cursor.sink, only);
  const total = only === undefined ? Number(countDeadOf.get(cursor.sink)?.count) : dead().length;
  const again = store.prepared(`INSERT OR IGNORE INTO envelopes (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`);
  const arrive = store.prepared('UPDATE sinks SET arrived = arrived + 1 WHERE sink = ?');
  let raised = 0;
  for (;;) {
    const rows = dead();
    if (rows.length === 0) return raised;
    const parked: Parked[] = [];
    const back: number[] = [];
    let totals = desk.totals;
    store.transaction('full', ({ raise, park, setTotal }) => {
      for (const row of rows) {
        raise.run(Number(row.entry));
        const dead = readRow(row);
        if (!dead) continue;
        const { id, session, relayedVia, receivedAt, bytes } = dead.envelope;
        const { changes } = again.run(dead.n, session, id ?? null, relayedVia, receivedAt, bytes);
        if (changes) {
          totals = { ...totals, rows: totals.rows + 1, bytes: totals.bytes + bytes.length };
          back.push(dead.n);
          for (const { sink, handed } of desk.cursors.values()) if (dead.n > handed) arrive.run(sink);
        }
        // Behind the cursor it comes in its turn.
        if (dead.n > cursor.settled) continue;
        if (!park.run(dead.n, cursor.sink, '', bytes.length).changes) continue;
        arrive.run(cursor.sink);
        parked.push({ n: dead.n, key: '', bytes: bytes.length });
      }
      setTotal.run('rows', totals.rows);
      setTotal.run('bytes', totals.bytes);
    });
    desk.totals = totals;
    for (const n of back) for (const each of desk.cursors.values()) if (n > each.handed) each.arrive(1);
    for (const each of parked) cursor.raised(each);
    raised += rows.length;
    report(raised, total);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pieceOf<T extends Readonly<Record<string, unknown>>>(rows: Iterable<T>): T[] {
  const piece: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    piece.push(row);
    bytes += row.bytes instanceof Uint8Array ? row.bytes.length : 0;
    if (bytes >= PIECE_BYTES) break;
  }
  return piece;
}
