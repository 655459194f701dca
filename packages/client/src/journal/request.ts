/** What a person asks of a journal: a row that the relay which has it carries out, or this process where there is none. */
import { TrickleError } from '@runnel/protocol';
import type { Cursor } from './cursor.ts';
import type { Journal } from './journal.ts';
import type { Store } from './store.ts';

export type Request =
  /** Sends a sink everything from envelope `from` on once more, as far as it is kept. */
  | { readonly kind: 'replay'; readonly sink: string; readonly from: number }
  /** Sends a sink once more what it refused: all of it, or one dead letter. */
  | { readonly kind: 'replay_dead'; readonly sink: string; readonly entry?: number }
  /** Drops what a sink was to get, up to envelope `to`. */
  | { readonly kind: 'purge'; readonly sink: string; readonly to: number }
  /** Deletes the dead of a sink. */
  | { readonly kind: 'purge_dead'; readonly sink: string }
  /** Forgets a sink that nobody serves. */
  | { readonly kind: 'forget'; readonly sink: string };

/** Something that can stand still while its cursor is moved. */
export interface Holdable {
  hold(change: () => Promise<void>): Promise<void>;
}

export type Report = (done: number, total: number) => void;

/** Envelopes of one step. */
const PIECE = 20_000;

/** Carries a request out and resolves with the number of envelopes concerned. Rejects with TrickleError `invalid` for what cannot be done. */
export async function carryOut(
  request: Request,
  journal: Journal,
  lanes: ReadonlyMap<string, Holdable>,
  report: Report = () => {},
): Promise<number> {
  const cursor = journal.cursors.get(request.sink);
  if (!cursor) {
    const known = [...journal.cursors.keys()].join(', ') || 'none';
    throw new TrickleError('invalid', `the journal has no sink ${request.sink}; it has: ${known}`);
  }
  const lane = lanes.get(request.sink) ?? unserved(cursor);
  let count = 0;
  const held = (change: () => Promise<number>) =>
    lane.hold(async () => {
      count = await change();
    });
  switch (request.kind) {
    case 'replay':
      await held(() => rewind(journal.store, cursor, request.from, report));
      break;
    case 'purge':
      await held(() => purge(journal.store, cursor, request.to, report));
      break;
    case 'replay_dead':
      if (!isDead(journal.store, request))
        throw new TrickleError('invalid', `the sink ${request.sink} has no dead letter ${request.entry}`);
      await held(() => journal.raiseDead(request.sink, request.entry, report));
      break;
    case 'purge_dead':
      return Number(journal.store.statements.forgetDead.run(request.sink).changes);
    case 'forget':
      if (lanes.has(request.sink))
        throw new TrickleError(
          'invalid',
          `the relay serves the sink ${request.sink}: take it out of its configuration first`,
        );
      count = cursor.pending;
      journal.forget(request.sink);
  }
  return count;
}

const isDead = ({ statements }: Store, { sink, entry }: { readonly sink: string; readonly entry?: number }) =>
  entry === undefined || statements.deadOne.get(sink, entry) !== undefined;

/** Nothing of it is in anybody's hand. */
const unserved = (cursor: Cursor): Holdable => ({
  async hold(change) {
    cursor.takeBack();
    await change();
  },
});

const countOf = (store: Store, after: number, to: number) =>
  Number(store.prepared('SELECT count(*) AS count FROM envelopes WHERE n > ? AND n <= ?').get(after, to)?.count);
const breath = () => new Promise((resolve) => setImmediate(resolve));

/** Backwards in steps, so that a kill in between leaves the books right. */
async function rewind(store: Store, cursor: Cursor, from: number, report: Report): Promise<number> {
  const kept = Number(store.statements.first.get()?.n ?? cursor.settled + 1);
  const goal = Math.max(from, kept) - 1;
  const total = Math.max(0, cursor.settled - goal);
  let again = 0;
  while (cursor.settled > goal) {
    const to = Math.max(goal, cursor.settled - PIECE);
    again += cursor.rewind(to, countOf(store, to, cursor.settled));
    report(total - (cursor.settled - goal), total);
    await breath();
  }
  return again;
}

async function purge(store: Store, cursor: Cursor, to: number, report: Report): Promise<number> {
  const last = Math.min(to, Number(store.statements.last.get()?.n ?? 0));
  const total = Math.max(0, last - cursor.settled);
  const parked = cursor.parked().filter(({ n }) => n <= to);
  cursor.settle({
    settled: cursor.settled,
    results: parked.map(({ n }) => ({ n, became: 'purged' })),
    unnamed: 0,
    parked: [],
  });
  let purged = parked.length;
  while (cursor.settled < last) {
    const next = Math.min(last, cursor.settled + PIECE);
    const found = countOf(store, cursor.settled, next);
    cursor.skip(next, found);
    purged += found;
    report(total - (last - cursor.settled), total);
    await breath();
  }
  return purged;
}
