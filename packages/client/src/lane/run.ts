/** A lane at work: takes envelopes from its cursor, sends what the core says, books what came of it. */
import { type Envelope, pause } from '@runnel/protocol';
import PQueue from 'p-queue';
import type { Cursor, Result } from '../journal/cursor.ts';
import type { Row } from '../journal/row.ts';
import { type Batch, type Item, LaneCore, MOST_IN_FLIGHT, type Outcome } from './core.ts';
import type { Destination } from './destination.ts';
import { send } from './send.ts';
import { Worth, type WorthSetup } from './worth.ts';

export interface LaneSetup extends WorthSetup {
  readonly cursor: Cursor;
  /** Shared by all lanes that lead there. */
  readonly destination: Destination;
  /** Asked right before an envelope leaves. */
  readonly allows: (envelope: Envelope) => boolean;
  readonly warn: (sentence: string) => void;
}

/** Counted by the run, shown by the lane. */
export interface LaneCounts {
  requests: number;
  retries: number;
  error: string | undefined;
}

/** Settlements that may wait for the disk; then the lane waits as well. */
const MOST_OWED = 1000;
/** Envelopes that a turn may pass over or park; then others have theirs. */
const MOST_PASSED_OVER = 5000;
/** When a sink is asked again whose credentials were refused and are still the same. */
const RENEWAL_MS = 60_000;
/** A sink that comes and goes is not told of each time. */
const WARN_MS = 60_000;
const DEFAULTS = { maxBatch: 500, maxBytes: 1_000_000, flushMs: 0, requestsPerMinute: Number.POSITIVE_INFINITY };

export class Run {
  readonly #setup: LaneSetup;
  readonly #counts: LaneCounts;
  readonly #onIdle: () => void;
  readonly #core: LaneCore;
  readonly #queue: PQueue;
  readonly #worth: Worth;
  readonly #stop = new AbortController();
  readonly #sending = new Map<Batch, number>();
  #turning = false;
  #abandoned = false;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer = () => {};

  /** Calls `onIdle` whenever nothing is pending. */
  constructor(setup: LaneSetup, counts: LaneCounts, onIdle: () => void) {
    this.#setup = setup;
    this.#counts = counts;
    this.#onIdle = onIdle;
    const { order = 'all', ...traits } = setup.sink.traits ?? {};
    const policy = { ...DEFAULTS, ...traits, order, random: Math.random };
    this.#core = new LaneCore(policy, setup.destination, () => this.wake());
    this.#queue = new PQueue({ concurrency: order === 'none' ? MOST_IN_FLIGHT : order === 'key' ? 2 : 1 });
    this.#worth = new Worth(setup);
    const at = setup.clock.now();
    const parked = setup.cursor.parked().map((each) => ({ ...each, at }));
    this.#core.addParked(parked, at);
    this.wake();
  }

  wake(): void {
    if (this.#turning) return;
    this.#turning = true;
    queueMicrotask(() => this.#turn());
  }

  flush(): void {
    this.#core.flush();
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer();
    this.#core.leave();
    await this.#queue.onIdle();
  }

  /** What a sink says from now on is not booked: its envelopes are somebody else's. */
  abandon(): void {
    this.#abandoned = true;
  }

  get paused(): boolean {
    return this.#core.paused;
  }

  get batchLimit(): number {
    return this.#core.batchLimit;
  }

  /** How long until the next batch may go out; undefined if nothing is due. */
  get dueMs(): number | undefined {
    const now = this.#setup.clock.now();
    const due = this.#core.dueAt(now);
    return Number.isFinite(due) ? Math.max(0, due - now) : undefined;
  }

  get sendingMs(): number | undefined {
    const since = Math.min(...this.#sending.values());
    return Number.isFinite(since) ? this.#setup.clock.now() - since : undefined;
  }

  /** Everything that can be done now is done: take, send, wait. */
  #turn(): void {
    this.#turning = false;
    if (this.#stop.signal.aborted) return;
    const { cursor, clock } = this.#setup;
    this.#core.gone(cursor.takeLost());
    const more = this.#take();
    this.#core.handIsFull = cursor.isFull;
    while (cursor.owed < MOST_OWED) {
      const batch = this.#core.next(clock.now());
      if (!batch) break;
      this.#send(batch);
    }
    this.#cancelTimer();
    const due = more ? clock.now() : this.#core.dueAt(clock.now());
    if (Number.isFinite(due)) {
      this.#cancelTimer = clock.after(Math.max(1, Math.ceil(due - clock.now())), () => this.wake());
    }
    if (cursor.pending === 0) this.#onIdle();
  }

  /** Whether there is more to be looked through than one turn may. */
  #take(): boolean {
    const { sink, cursor, clock } = this.#setup;
    const { maxBytes = DEFAULTS.maxBytes, overheadBytes = 0, key = () => '' } = sink.traits ?? {};
    let passedOver = 0;
    for (let { wanted } = this.#core; wanted > 0; wanted = this.#core.wanted) {
      const read = cursor.read(wanted, maxBytes * 2);
      if (read.length === 0) return false;
      const { rows, results } = this.#worth.sift(read);
      const at = clock.now();
      const items = rows.map((row) => ({
        n: row.n,
        bytes: row.envelope.bytes.length + overheadBytes,
        key: key(row.envelope),
        at,
        row,
      }));
      const parked = this.#core.add(items);
      if (parked.length + results.length > 0) this.#book(parked, results);
      passedOver += results.length + parked.length;
      if (passedOver >= MOST_PASSED_OVER) return true;
    }
    return false;
  }

  #send(batch: Batch): void {
    const { sink, clock } = this.#setup;
    const loaded = batch.items.map((item) => item.row ?? this.#setup.cursor.load(item.n));
    const rest = this.#withoutWithheld(batch, loaded);
    if (!rest) {
      this.wake();
      return;
    }
    this.#counts.requests++;
    if (rest.retry) this.#counts.retries++;
    this.#sending.set(rest, clock.now());
    const rows = rest === batch ? (loaded as Row[]) : rowsOf(rest, loaded);
    const envelopes = rows.map(({ envelope }) => envelope);
    void this.#queue.add(async () => {
      const outcome = await send(sink, envelopes, clock, this.#stop.signal);
      this.#sending.delete(rest);
      if (!this.#abandoned) this.#done(rest, outcome, rows);
    });
  }

  /** What of a batch may go out now and can be read. */
  #withoutWithheld(batch: Batch, rows: readonly (Row | undefined)[]): Batch | undefined {
    const withheld: Result[] = [];
    for (const [place, row] of rows.entries()) {
      const { n } = batch.items[place] as Item;
      if (!row) withheld.push({ n, became: 'damaged' });
      else if (!this.#setup.allows(row.envelope)) withheld.push({ n, became: 'consent' });
      else if (this.#worth.hasExpired(row.envelope)) withheld.push({ n, became: 'expired' });
    }
    if (withheld.length === 0) return batch;
    const rest = this.#core.withhold(batch, new Set(withheld.map(({ n }) => n)));
    this.#book([], withheld);
    return rest;
  }

  #done(batch: Batch, outcome: Outcome, rows: readonly Row[]): void {
    const { delivered, dead, unnamed, parked } = this.#core.done(batch, outcome, this.#setup.clock.now());
    this.#note(outcome);
    const results: Result[] = delivered.map(({ n }) => ({ n, became: 'delivered' }));
    for (const { item, ...why } of dead) {
      const row = rows.find(({ n }) => n === item.n) as Row;
      results.push({ n: item.n, became: 'refused', burial: { row, ...why } });
    }
    if (results.length + parked.length > 0) this.#book(parked, results, unnamed);
    this.wake();
  }

  #book(parked: readonly Item[], results: readonly Result[] = [], unnamed = 0): void {
    this.#setup.cursor.settle({ settled: this.#core.settledTo, results, unnamed, parked });
    // There may be many, and for long: they are read again when their turn comes.
    for (const item of parked) item.row = undefined;
  }

  #note(outcome: Outcome): void {
    const { error } = this.#counts;
    this.#counts.error = outcome.kind === 'answered' ? undefined : outcome.reason;
    if (outcome.kind === 'unavailable' && error === undefined) this.#warnOfOutage(outcome.reason);
    if (outcome.kind !== 'unauthorized') return;
    if (error !== outcome.reason) {
      this.#setup.warn(
        `sink ${this.#setup.sink.name} is paused, its credentials are refused: ${outcome.reason}. Events are kept until they are renewed`,
      );
    }
    void this.#awaitRenewal();
  }

  #warnOfOutage(reason: string): void {
    const { sink, clock, warn } = this.#setup;
    if (this.#stop.signal.aborted || clock.now() - this.#warnedAt < WARN_MS) return;
    this.#warnedAt = clock.now();
    warn(`sink ${sink.name} fails: ${reason}. Events are kept, and it is tried again`);
  }

  /** Until the credentials are others, or a while has passed: a service that refused good ones must be asked again some time. */
  async #awaitRenewal(): Promise<void> {
    const { sink, clock } = this.#setup;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    const later = pause(clock, RENEWAL_MS, signal);
    await Promise.race([sink.renewed?.(signal).catch(() => later) ?? later, later]);
    over.abort();
    if (this.#stop.signal.aborted) return;
    this.#core.renewed(clock.now());
    this.wake();
  }
}

function rowsOf({ items }: Batch, rows: readonly (Row | undefined)[]): Row[] {
  const numbers = new Set(items.map(({ n }) => n));
  return rows.filter((row) => row !== undefined && numbers.has(row.n)) as Row[];
}
