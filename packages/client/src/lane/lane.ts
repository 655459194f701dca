/** One sink's lane: takes envelopes from its cursor, sends what the core says, and books what came of it. HOUSE: the byte's path, step 13. */
import { type Clock, type Envelope, pause, type Sink } from '@runnel/protocol';
import PQueue from 'p-queue';
import type { Cursor, CursorBooks, Result } from '../journal/cursor.ts';
import type { Row } from '../journal/row.ts';
import { type Batch, type Item, LaneCore, MOST_IN_FLIGHT, type Outcome } from './core.ts';
import { send } from './send.ts';

/** Settlements that may wait for the disk; then the lane waits as well. */
const MOST_OWED = 1000;

export interface LaneStatus extends CursorBooks {
  readonly sink: string;
  /** Requests to the sink, and those among them that repeated one that failed. */
  readonly requests: number;
  readonly retries: number;
  /** Why the last batch that failed did, while none has got through. */
  readonly error: string | undefined;
  /** Whether the sink's credentials are refused: it waits for others. */
  readonly paused: boolean;
  /** For how long the sink has had a batch in hand. Far over 30,000: it ignores its signal, and only a restart helps. */
  readonly sendingMs: number | undefined;
}

export interface LaneSetup {
  readonly sink: Sink;
  readonly cursor: Cursor;
  readonly clock: Clock;
  /** Asked right before an envelope leaves. */
  readonly allows: (envelope: Envelope) => boolean;
  readonly warn: (sentence: string) => void;
}

/** Runs from the start until `stop`. A slow or failing sink holds up nothing but its own lane. */
export class Lane {
  readonly sink: Sink;
  readonly #setup: LaneSetup;
  readonly #core: LaneCore;
  readonly #queue: PQueue;
  readonly #stop = new AbortController();
  /** Envelopes that the core has and that are not parked. */
  readonly #rows = new Map<number, Row>();
  readonly #sending = new Map<Batch, number>();
  #idle = Promise.withResolvers<void>();
  #turning = false;
  #cancelTimer = () => {};
  #requests = 0;
  #retries = 0;
  #error: string | undefined;
  #began: { delivered: number; dropped: number };

  constructor(setup: LaneSetup) {
    const { sink, cursor, clock } = setup;
    this.sink = sink;
    this.#setup = setup;
    const { order = 'all', maxBatch = 500, maxBytes = 1_000_000, flushMs = 0, requestsPerMinute } = sink.traits ?? {};
    this.#core = new LaneCore({
      order,
      maxBatch,
      maxBytes,
      flushMs,
      requestsPerMinute: requestsPerMinute ?? Number.POSITIVE_INFINITY,
      random: Math.random,
    });
    this.#queue = new PQueue({ concurrency: order === 'none' ? MOST_IN_FLIGHT : order === 'key' ? 2 : 1 });
    const now = clock.now();
    this.#core.addParked(
      cursor.parked().map((parked) => ({ ...parked, at: now })),
      now,
    );
    this.#began = { delivered: cursor.books.out, dropped: droppedOf(cursor) };
    this.wake();
  }

  /** There may be something to take. */
  wake(): void {
    if (this.#turning) return;
    this.#turning = true;
    queueMicrotask(() => this.#turn());
  }

  /** No batch waits to become full any more. Resolves when nothing is pending. */
  async drained(): Promise<void> {
    this.#core.flush();
    this.wake();
    while (this.#setup.cursor.pending > 0 && !this.#stop.signal.aborted) await this.#idle.promise;
  }

  /** Sends nothing more and aborts the sink's signal. What is in hand stays pending unless the sink acknowledges it. Resolves when the sink has let go. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer();
    this.#idle.resolve();
    await this.#queue.onIdle();
  }

  /** Envelopes since the lane was made. */
  get sums(): { readonly delivered: number; readonly pending: number; readonly dropped: number } {
    const { cursor } = this.#setup;
    const { out, pending } = cursor.books;
    return { delivered: out - this.#began.delivered, pending, dropped: droppedOf(cursor) - this.#began.dropped };
  }

  get status(): LaneStatus {
    const { cursor, clock } = this.#setup;
    const since = Math.min(...this.#sending.values());
    return {
      sink: this.sink.name,
      ...cursor.books,
      requests: this.#requests,
      retries: this.#retries,
      error: this.#error,
      paused: this.#core.paused,
      sendingMs: Number.isFinite(since) ? clock.now() - since : undefined,
    };
  }

  /** Everything that can be done now is done: take, send, wait. */
  #turn(): void {
    this.#turning = false;
    if (this.#stop.signal.aborted) return;
    const { cursor, clock } = this.#setup;
    this.#core.gone(cursor.takeLost());
    this.#take();
    while (cursor.owed < MOST_OWED) {
      const batch = this.#core.next(clock.now());
      if (!batch) break;
      this.#send(batch);
    }
    this.#cancelTimer();
    const due = this.#core.dueAt(clock.now());
    if (Number.isFinite(due)) {
      this.#cancelTimer = clock.after(Math.max(1, Math.ceil(due - clock.now())), () => this.wake());
    }
    if (cursor.pending > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  #take(): void {
    const { sink, cursor, clock } = this.#setup;
    const { maxBytes = 1_000_000, key = () => '' } = sink.traits ?? {};
    for (let { wanted } = this.#core; wanted > 0; wanted = this.#core.wanted) {
      const rows = cursor.read(wanted, maxBytes * 2);
      if (rows.length === 0) return;
      const at = clock.now();
      const items: Item[] = rows.map(({ n, envelope }) => ({
        n,
        bytes: envelope.bytes.length,
        key: key(envelope),
        at,
      }));
      for (const row of rows) this.#rows.set(row.n, row);
      const parked = this.#core.add(items);
      if (parked.length > 0) this.#book(parked);
    }
  }

  #send(batch: Batch): void {
    const { clock } = this.#setup;
    const rows = new Map(batch.items.flatMap(({ n }) => this.#load(n) ?? []).map((row) => [row.n, row]));
    const rest = this.#withoutWithheld(batch, rows);
    if (!rest) {
      this.wake();
      return;
    }
    this.#requests++;
    if (rest.retry) this.#retries++;
    this.#sending.set(rest, clock.now());
    const envelopes = rest.items.map(({ n }) => (rows.get(n) as Row).envelope);
    void this.#queue.add(async () => {
      const outcome = await send(this.sink, envelopes, clock, this.#stop.signal);
      this.#sending.delete(rest);
      this.#done(rest, outcome, rows);
    });
  }

  #load(n: number): Row | undefined {
    return this.#rows.get(n) ?? this.#setup.cursor.load(n);
  }

  /** What of a batch may go out now and can be read. */
  #withoutWithheld(batch: Batch, rows: ReadonlyMap<number, Row>): Batch | undefined {
    const withheld: Result[] = [];
    for (const { n } of batch.items) {
      const row = rows.get(n);
      if (!row) withheld.push({ n, became: 'damaged' });
      else if (!this.#setup.allows(row.envelope)) withheld.push({ n, became: 'consent' });
    }
    if (withheld.length === 0) return batch;
    const rest = this.#core.withhold(batch, new Set(withheld.map(({ n }) => n)));
    this.#book([], withheld);
    return rest;
  }

  #done(batch: Batch, outcome: Outcome, rows: ReadonlyMap<number, Row>): void {
    const { delivered, dead, unnamed, parked } = this.#core.done(batch, outcome, this.#setup.clock.now());
    this.#note(outcome);
    const results: Result[] = delivered.map(({ n }) => ({ n, became: 'delivered' }));
    for (const { item, ...why } of dead) {
      results.push({ n: item.n, became: 'refused', burial: { row: rows.get(item.n) as Row, ...why } });
    }
    if (results.length + parked.length > 0) this.#book(parked, results, unnamed);
    this.wake();
  }

  #book(parked: readonly Item[], results: readonly Result[] = [], unnamed = 0): void {
    this.#setup.cursor.settle({ settled: this.#core.settledTo, results, unnamed, parked });
    for (const { n } of [...results, ...parked]) this.#rows.delete(n);
  }

  #note(outcome: Outcome): void {
    if (outcome.kind === 'answered') {
      this.#error = undefined;
      return;
    }
    if (outcome.kind === 'unauthorized' && this.#error !== outcome.reason) {
      this.#setup.warn(
        `sink ${this.sink.name} is paused, its credentials are refused: ${outcome.reason}. Events are kept until they are renewed`,
      );
    }
    this.#error = outcome.reason;
    if (outcome.kind === 'unauthorized') void this.#awaitRenewal();
  }

  async #awaitRenewal(): Promise<void> {
    const { clock } = this.#setup;
    const { signal } = this.#stop;
    // A sink that cannot say when asks for another try now and then.
    await (this.sink.renewed?.(signal) ?? pause(clock, RENEWAL_MS, signal)).catch(() =>
      pause(clock, RENEWAL_MS, signal),
    );
    if (signal.aborted) return;
    this.#core.renewed(clock.now());
    this.wake();
  }
}

const RENEWAL_MS = 60_000;

function droppedOf({ books }: Cursor): number {
  return Object.values(books.dropped).reduce((sum, count) => sum + count, 0);
}
