/** One sink's lane: takes batches from its cursor, hands them over one at a time, and tries again until they are acknowledged. HOUSE: the byte's path, step 13. */
import { type Clock, type Envelope, pause, type SendReport, type Sink } from '@runnel/protocol';
import { backoffMs } from '@runnel/pubsub';
import type { Cursor, CursorBooks } from './journal.ts';

/** How long a sink may take for one batch before its signal aborts. */
const SEND_TIMEOUT_MS = 30_000;

export interface LaneStatus extends CursorBooks {
  readonly sink: string;
  /** Batches handed over again. */
  readonly retries: number;
  /** Why the last batch that failed did, while it has not got through. */
  readonly error: string | undefined;
  /** For how long the sink has had the batch in hand. Far over 30,000: it ignores its signal, and only a restart helps. */
  readonly sendingMs: number | undefined;
}

/** Runs from the start until `stop`. A slow or failing sink holds up nothing but its own lane. */
export class Lane {
  readonly sink: Sink;
  /** Resolves after `stop`, when the sink has let go of its batch. */
  readonly stopped: Promise<void>;
  readonly #cursor: Cursor;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #work = Promise.withResolvers<void>();
  #idle = Promise.withResolvers<void>();
  #retries = 0;
  #error: string | undefined;
  #sendingSince: number | undefined;

  constructor(sink: Sink, cursor: Cursor, clock: Clock) {
    this.sink = sink;
    this.#cursor = cursor;
    this.#clock = clock;
    this.stopped = this.#run();
  }

  /** There may be something to take. */
  wake(): void {
    this.#work.resolve();
  }

  /** Resolves when nothing is pending. */
  async drained(): Promise<void> {
    while (this.#cursor.books.pending > 0) await this.#idle.promise;
  }

  /** Takes nothing more and aborts the sink's signal. What is in hand stays pending unless the sink acknowledged it. */
  stop(): void {
    this.#stop.abort();
    this.wake();
  }

  get status(): LaneStatus {
    return {
      sink: this.sink.name,
      ...this.#cursor.books,
      retries: this.#retries,
      error: this.#error,
      sendingMs: this.#sendingSince === undefined ? undefined : this.#clock.now() - this.#sendingSince,
    };
  }

  async #run(): Promise<void> {
    const { maxBatch = 500, maxBytes = 1_000_000 } = this.sink.traits ?? {};
    while (!this.#stop.signal.aborted) {
      const batch = this.#cursor.next(maxBatch, maxBytes);
      if (batch.length > 0) {
        await this.#deliver(batch);
        continue;
      }
      this.#idle.resolve();
      this.#idle = Promise.withResolvers();
      await this.#work.promise;
      this.#work = Promise.withResolvers();
    }
  }

  /** The one layer that tries a batch again, or what the sink left of it. A lane that is stopped leaves the batch pending. */
  async #deliver(batch: readonly Envelope[]): Promise<void> {
    let refused = 0;
    let rest = batch;
    for (let attempts = 1; ; attempts++) {
      try {
        const report = await this.#send(rest);
        refused += (report?.refused?.length ?? 0) + (report?.unnamed?.count ?? 0);
        rest = pick(rest, report?.retry ?? []);
      } catch (error) {
        this.#error = String(error);
      }
      if (rest.length === 0) break;
      if (this.#stop.signal.aborted) return;
      await pause(this.#clock, backoffMs(attempts, 1000, 60_000), this.#stop.signal);
      this.#retries++;
    }
    this.#cursor.settle(refused);
    this.#error = undefined;
  }

  async #send(batch: readonly Envelope[]): Promise<SendReport | undefined> {
    const giveUp = new AbortController();
    const stop = () => giveUp.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    const cancel = this.#clock.after(SEND_TIMEOUT_MS, () => giveUp.abort(new Error('the sink took too long')));
    this.#sendingSince = this.#clock.now();
    try {
      return (await this.sink.send(batch, giveUp.signal)) ?? undefined;
    } finally {
      cancel();
      this.#stop.signal.removeEventListener('abort', stop);
      this.#sendingSince = undefined;
    }
  }
}

/** The envelopes at these places; a place outside of the batch is none. */
function pick(batch: readonly Envelope[], places: readonly number[]): readonly Envelope[] {
  const wanted = new Set(places);
  return batch.filter((_, place) => wanted.has(place));
}
