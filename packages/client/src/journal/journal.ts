/**
 * Where envelopes wait between the session that read them and the sinks that get them, with one cursor a sink. In a file and in memory it is the
 * same code; `openJournal` opens it. HOUSE: the byte's path, step 12, and decision 14.
 */
import type { Clock, Envelope } from '@runnel/protocol';
import type { Position } from '../position.ts';
import { Cursor, type DropReason, type Shelf } from './cursor.ts';
import { type DeadPage, deadPage } from './dead-letter.ts';
import { Recent } from './recent.ts';
import { type Desk, raiseDead, removeWhere } from './removal.ts';
import { type Row, readRow } from './row.ts';
import type { Store } from './store.ts';
import { type Bounds, handOf, type Totals, trim } from './trim.ts';
import { Waiting } from './waiting.ts';

export interface JournalSetup {
  readonly store: Store;
  /** Undefined in memory. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly commitMs: number;
  readonly commitEnvelopes: number;
  readonly bounds: Bounds;
  readonly newSink: 'now' | 'oldest';
  readonly warn: (sentence: string) => void;
  /** Called when the journal is closed. */
  readonly release: () => void;
}

export interface JournalStatus {
  /** Undefined in memory. */
  readonly path: string | undefined;
  /** What is kept, for whatever sink. */
  readonly rows: number;
  readonly bytes: number;
  /** Not committed yet. */
  readonly waiting: number;
  /** Since the relay started. `longestMs`: for how long one held the event loop. */
  readonly commits: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  /** Why the last transaction that failed did, while none has got through. */
  readonly error: string | undefined;
}

/** Most envelopes of one transaction, so that a commit after a long wait does not hold the event loop. */
const MOST_IN_COMMIT = 4096;
/** Dead letters that are kept. */
const MOST_DEAD = 10_000;
/** How often the journal looks after itself: retries, deletions. */
const TICK_MS = 500;
/** Between two commits so many times passes what one takes, but never more than `commitMs`: up to 5 ms each they take a sixth of the time at most, and the slower the disk, the more goes together. */
const COMMIT_SHARE = 5;

export class Journal {
  readonly #setup: JournalSetup;
  readonly #recent = new Recent();
  readonly #waiting: Waiting;
  readonly #cursors = new Map<string, Cursor>();
  readonly #listeners = new Set<() => void>();
  readonly #commits = { count: 0, totalMs: 0, longestMs: 0 };
  #last: number;
  #totals: Totals;
  #freed: number[] = [];
  /** Dropped before they could be committed, over all relays that used the journal. */
  #unkept: number;
  #usualMs = 0;
  #committedAt = Number.NEGATIVE_INFINITY;
  #refused = 0;
  #error: string | undefined;
  #closed = false;
  #cancelCommit: (() => void) | undefined;
  #cancelTick: () => void;

  constructor(setup: JournalSetup) {
    this.#setup = setup;
    const { store, clock } = setup;
    const { last, sinks } = store.statements;
    this.#waiting = new Waiting();
    this.#totals = { rows: store.total('rows'), bytes: store.total('bytes'), trimmed: store.total('trimmed') };
    this.#unkept = store.total('unkept');
    const settled = sinks.all().map((row) => Number(row.settled));
    this.#last = Math.max(store.total('last'), Number(last.get()?.n ?? 0), ...settled);
    for (const { sink } of sinks.all()) this.#addCursor(String(sink));
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick());
  }

  /** Where to go on reading a session, and its books until there; undefined if it was never read. */
  session(id: string): { readonly position: Position; readonly books: unknown } | undefined {
    const row = this.#setup.store.statements.session.get(id);
    return row && { position: JSON.parse(String(row.position)), books: JSON.parse(String(row.books)) };
  }

  /**
   * Takes envelopes, in order, together with the position behind them: both or neither are committed, within `commitMs` or with `commitEnvelopes`
   * others. Resolves then, and never rejects: while the disk is full they wait in memory, and what does not fit is counted, `disk_full`.
   */
  append(session: string, envelopes: readonly Envelope[], position: Position, books: object = {}): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const committed = this.#waiting.push({ session, envelopes, position, books });
    this.#dropWaiting();
    if (this.#waiting.envelopes >= this.#setup.commitEnvelopes && this.#error === undefined) this.#commit();
    else this.#commitSoon();
    return committed;
  }

  /** The cursor of the sink of that name. Each sink gets every envelope; one that the journal has never seen begins as `newSink` says. */
  cursor(sink: string): Cursor {
    const known = this.#cursors.get(sink);
    if (known) return known;
    const cursor = this.#addCursor(sink);
    this.#persist();
    return cursor;
  }

  /** The sinks that the journal knows, those among them that nobody serves any more: they hold envelopes until the bounds drop them, or a person does. */
  get cursors(): ReadonlyMap<string, Cursor> {
    return this.#cursors;
  }

  /** Calls `listener` after each commit of envelopes. The result takes it back. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Deletes what `matches`, wherever it waits, and counts it for each sink that was to get it. Resolves with how many. What a lane has in hand is for its own asking. */
  async removeWhere(matches: (envelope: Envelope) => boolean, reason: DropReason): Promise<number> {
    this.flush();
    const removed = await removeWhere(this.#desk, matches, reason);
    this.#persist();
    return removed;
  }

  /** A user took consent back: deletes all of theirs, counts what some sink was to get, and writes down when. Resolves with how many. */
  async takeBack(user: string, isTheirs: (envelope: Envelope) => boolean): Promise<number> {
    const { store, clock } = this.#setup;
    const count = await this.removeWhere(isTheirs, 'consent');
    store.statements.takenBack.run(user, Math.trunc(clock.wall()), count);
    return count;
  }

  /** Gives a sink its dead once more, or the one with that entry. Its lane must be held. Resolves with how many. */
  raiseDead(sink: string, only?: number, report: (done: number, total: number) => void = () => {}): Promise<number> {
    return raiseDead(this.#desk, this.cursor(sink), only, report);
  }

  /** A page of a sink's dead, the newest first; undefined if the journal has no such sink. */
  deadPage(sink: string, before: number | undefined, limit: number): DeadPage | undefined {
    return this.#cursors.has(sink) && !this.#closed ? deadPage(this.#setup.store, sink, before, limit) : undefined;
  }

  /** Forgets a sink, its books and its dead; what only it was to get is deleted. Nobody may serve it. */
  forget(sink: string): void {
    this.#setup.store.transaction('full', ({ forgetSink, forgetDrops, forgetParked, forgetDead }) => {
      for (const forget of [forgetSink, forgetDrops, forgetParked, forgetDead]) forget.run(sink);
    });
    const parked = this.#cursors.get(sink)?.parked() ?? [];
    this.#cursors.delete(sink);
    this.#freed = this.#freed.concat(parked.map(({ n }) => n));
    this.#trim(false);
  }

  /** The file, for errands and readers of this package. */
  get store(): Store {
    return this.#setup.store;
  }

  get #desk(): Desk {
    const { store } = this.#setup;
    const journal = this;
    return {
      store,
      cursors: this.#cursors,
      last: this.#last,
      get totals() {
        return journal.#totals;
      },
      set totals(totals) {
        journal.#totals = totals;
      },
      onDeleted: () => this.#recent.clear(),
    };
  }

  get status(): JournalStatus {
    const { rows, bytes } = this.#totals;
    const waiting = this.#waiting.envelopes;
    return { path: this.#setup.path, rows, bytes, waiting, commits: { ...this.#commits }, error: this.#error };
  }

  /** Commits what waits, now, as far as that is possible. */
  flush(): void {
    while (this.#waiting.entries > 0 && this.#commit());
  }

  /** Commits what waits, now, and lets go of the file. What can not be read again after a restart is counted as dropped, `shutdown`. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#cancelCommit?.();
    this.#cancelTick();
    this.#dropAll(this.#waiting.clear(), 'shutdown');
    if (this.#setup.path === undefined) {
      for (const cursor of this.#cursors.values()) cursor.drop('shutdown', cursor.pending);
    } else this.#persist();
    this.#setup.store.close();
    this.#setup.release();
  }

  #addCursor(sink: string): Cursor {
    const { store, clock, newSink, bounds } = this.#setup;
    const { countAfter, first } = store.statements;
    const from =
      newSink === 'oldest'
        ? { settled: Number(first.get()?.n ?? this.#last + 1) - 1, arrived: Number(countAfter.get(0)?.count) }
        : { settled: this.#last, arrived: 0 };
    const shelf: Shelf = {
      store,
      after: (n, max, damaged) => this.#recentAfter(n, max) ?? this.#readAfter(n, max, damaged),
      one: (n) => {
        const row = this.#readOne(n);
        return typeof row === 'string' ? undefined : row;
      },
      persist: () => this.#persist(),
      freed: (n) => this.#freed.push(n),
      hand: () => handOf(bounds, this.#cursors.size),
      wall: () => clock.wall(),
      closed: () => this.#closed,
    };
    const cursor = new Cursor(sink, shelf, from);
    this.#cursors.set(sink, cursor);
    return cursor;
  }

  #commitSoon(): void {
    if (this.#cancelCommit) return;
    const { clock, commitMs, path } = this.#setup;
    const commit = () => {
      this.#cancelCommit = undefined;
      this.#commit();
    };
    if (path === undefined) {
      // Memory is as quick as it gets: what came in this turn of the event loop goes together.
      const immediate = setImmediate(commit);
      this.#cancelCommit = () => clearImmediate(immediate);
    } else {
      const due = this.#committedAt + this.#usualMs * COMMIT_SHARE - clock.now();
      const ms = this.#error ? TICK_MS : Math.min(commitMs, Math.max(0, due));
      this.#cancelCommit = clock.after(ms, commit, { keepAlive: true });
    }
  }

  /** One transaction: the oldest that wait, their positions, and what the cursors owe. False if it was not possible now. */
  #commit(): boolean {
    const group = this.#waiting.peek(MOST_IN_COMMIT);
    if (group.length === 0) return true;
    const { store, path } = this.#setup;
    const began = performance.now();
    const rows: Row[] = [];
    let { rows: kept, bytes: size } = this.#totals;
    try {
      store.transaction(path === undefined ? 'normal' : 'full', (statements) => {
        let n = this.#last;
        for (const { session, envelopes, position, books } of group) {
          statements.insert(n + 1, envelopes);
          for (const envelope of envelopes) {
            rows.push({ n: ++n, envelope });
            size += envelope.bytes.length;
          }
          statements.setSession.run(session, JSON.stringify(position), JSON.stringify(books));
        }
        kept += rows.length;
        for (const cursor of this.#cursors.values()) if (cursor.dirty) cursor.write(statements);
        if (rows.length > 0) statements.arrive.run(rows.length);
        statements.setTotals.run(kept, size, this.#totals.trimmed, n, this.#unkept);
      });
    } catch (error) {
      this.#failed(error);
      return false;
    }
    this.#last += rows.length;
    this.#totals = { ...this.#totals, rows: kept, bytes: size };
    this.#recent.push(
      rows,
      [...this.#cursors.values()].map(({ handed }) => handed),
    );
    for (const cursor of this.#cursors.values()) {
      cursor.written();
      cursor.arrive(rows.length);
    }
    this.#waiting.shift(group.length);
    this.#succeeded(performance.now() - began);
    if (this.#waiting.entries > 0) this.#commitSoon();
    this.#trim(false, rows.length);
    if (rows.length > 0) for (const listener of this.#listeners) listener();
    return true;
  }

  /** Writes what the cursors owe, where that is possible now; the next commit or tick tries again. A killed process loses nothing of it. False if it failed. */
  #persist(): boolean {
    const dirty = [...this.#cursors.values()].filter((cursor) => cursor.dirty);
    if (dirty.length === 0 || this.#closed) return true;
    try {
      this.#setup.store.transaction('normal', (statements) => {
        for (const cursor of dirty) cursor.write(statements);
      });
      for (const cursor of dirty) cursor.written();
    } catch (error) {
      this.#failed(error);
      return false;
    }
    return this.#trim(false);
  }

  /** After `came` envelopes were committed, if that is why. False if it failed. */
  #trim(all: boolean, came = 0): boolean {
    const { store, clock, bounds } = this.#setup;
    const cursors = [...this.#cursors.values()];
    try {
      const wall = clock.wall();
      const done = trim({ store, bounds, cursors, totals: this.#totals, wall, freed: this.#freed, all, came });
      if (!done) return true;
      this.#freed = [];
      this.#totals = done.totals;
      if (done.dropped.length > 0) this.#recent.clear();
      for (const each of done.dropped) for (const cursor of cursors) cursor.deleted(each);
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #tick(): void {
    this.#cancelTick = this.#setup.clock.after(TICK_MS, () => this.#tick());
    if (this.#persist() && this.#trim(true) && this.#error !== undefined) this.#tryAgain();
    this.#forgetDead();
  }

  /** After something failed, while nothing is to be written that would show whether the disk can be written again. */
  #tryAgain(): void {
    if (this.#waiting.entries > 0) return;
    try {
      this.#setup.store.transaction('normal', ({ setTotal }) => setTotal.run('last', this.#last));
      this.#recovered();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The dead are bounded too. Those that leave stay counted as refused. */
  #forgetDead(): void {
    const refused = [...this.#cursors.values()].reduce((sum, { books }) => sum + (books.dropped.refused ?? 0), 0);
    if (refused === this.#refused) return;
    this.#refused = refused;
    const { countDead, forgetOldestDead } = this.#setup.store.statements;
    const over = Number(countDead.get()?.count) - MOST_DEAD;
    if (over > 0) forgetOldestDead.run(over);
  }

  /** Makes room among what waits: the oldest leave. */
  #dropWaiting(): void {
    const { maxWaiting, maxWaitingBytes } = this.#setup.bounds;
    this.#dropAll(this.#waiting.evict(maxWaiting, maxWaitingBytes), 'disk_full');
  }

  #dropAll(count: number, reason: 'disk_full' | 'shutdown'): void {
    this.#unkept += count;
    for (const cursor of this.#cursors.values()) {
      cursor.arrive(count);
      cursor.drop(reason, count);
    }
  }

  #succeeded(ms: number): void {
    this.#commits.count++;
    this.#commits.totalMs += ms;
    this.#committedAt = this.#setup.clock.now();
    this.#usualMs = this.#usualMs * 0.8 + ms * 0.2;
    this.#commits.longestMs = Math.max(this.#commits.longestMs, ms);
    this.#recovered();
  }

  #recovered(): void {
    if (this.#error === undefined) return;
    this.#error = undefined;
    this.#setup.warn(`the journal ${this.#setup.path} can be written again`);
  }

  #failed(error: unknown): void {
    if (this.#error === undefined) {
      this.#setup.warn(
        `the journal ${this.#setup.path} can not be written: ${(error as Error).message}. Events wait in memory until it can`,
      );
    }
    this.#error = String(error);
    if (this.#waiting.entries > 0) this.#commitSoon();
  }

  /** Where rows are deleted, memory may still hold them: whoever goes back there gets what the file has, which is what is counted. */
  #recentAfter(n: number, max: number): readonly Row[] | undefined {
    return n < this.#totals.trimmed ? undefined : this.#recent.after(n, max);
  }

  #readAfter(n: number, max: number, damaged: (n: number) => void): readonly Row[] {
    const { after } = this.#setup.store.statements;
    try {
      const rows = after.all(n, max).map(readRow);
      if (rows.every((row) => row !== undefined)) return rows;
    } catch {
      // Read one by one below, which names those that can not be read.
    }
    return this.#readSlowly(n, max, damaged);
  }

  /** Up to the first that can not be read; `damaged` moves the caller behind those that come before any good one. */
  #readSlowly(n: number, max: number, damaged: (n: number) => void): readonly Row[] {
    const rows: Row[] = [];
    for (let next = n + 1; next <= this.#last && rows.length < max; next++) {
      const row = this.#readOne(next);
      if (row === 'none') continue;
      if (row === 'damaged' && rows.length > 0) break;
      if (row === 'damaged') damaged(next);
      else rows.push(row);
    }
    return rows;
  }

  #readOne(n: number): Row | 'none' | 'damaged' {
    try {
      const found = this.#setup.store.statements.one.get(n);
      return found ? (readRow(found) ?? 'damaged') : 'none';
    } catch {
      return 'damaged';
    }
  }
}
