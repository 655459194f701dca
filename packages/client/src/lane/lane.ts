/** One sink's lane: everything between its cursor and the sink, and what can be said about it. HOUSE: the byte's path, step 13. */

import { pause } from '@runnel/protocol';
import type { Cursor, CursorBooks } from '../journal/cursor.ts';
import { type LaneCounts, type LaneSetup, Run } from './run.ts';

/**
 * `idle`: nothing is pending. `sending`: the sink has a batch in hand. `waiting`: for a batch to become full, or for its turn. `backing_off`: the last batch failed, or
 * all that is pending is of keys that fail. `paused`: until the credentials are others.
 */
export type LaneState = 'idle' | 'sending' | 'waiting' | 'backing_off' | 'paused';

export interface LaneStatus extends CursorBooks {
  readonly sink: string;
  readonly state: LaneState;
  /** When the next batch goes out, where that is known and nothing is in hand: in milliseconds since 1970. */
  readonly until: number | undefined;
  /** Most envelopes of the next batch. */
  readonly batchLimit: number | undefined;
  /** Dead letters kept. */
  readonly dead: number;
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

/** How long a sink may take to let go of what it has in hand, when a person moves its cursor. */
const LET_GO_MS = 2000;

/** Runs from the start until `stop`. A slow or failing sink holds up nothing but its own lane. */
export class Lane {
  readonly sink: LaneSetup['sink'];
  readonly #setup: LaneSetup;
  readonly #counts: LaneCounts = { requests: 0, retries: 0, error: undefined };
  readonly #began: { readonly delivered: number; readonly dropped: number };
  #run: Run | undefined;
  #holding: Promise<void> = Promise.resolve();
  #idle = Promise.withResolvers<void>();
  #draining = false;
  #stopped = false;

  constructor(setup: LaneSetup) {
    this.sink = setup.sink;
    this.#setup = setup;
    this.#began = { delivered: setup.cursor.books.out, dropped: droppedOf(setup.cursor) };
    this.#begin();
  }

  /** There may be something to take. */
  wake(): void {
    this.#run?.wake();
  }

  /** No batch waits to become full any more. Resolves when nothing is pending, or the lane is stopped. */
  async drained(): Promise<void> {
    this.#draining = true;
    this.#run?.flush();
    while (this.#setup.cursor.pending > 0 && !this.#stopped) await this.#idle.promise;
  }

  /** Sends nothing more and aborts the sink's signal. What is in hand stays pending unless the sink acknowledges it. Resolves when the sink has let go. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#idle.resolve();
    await this.#run?.stop();
  }

  /** Stands still while `change` moves the cursor, and goes on from where that is. What was in hand is sent again, if it is still to be sent. */
  hold(change: () => Promise<void>): Promise<void> {
    // What became of one is told to whoever asked for it, and does not concern the next.
    this.#holding = this.#holding.catch(() => {}).then(() => this.#hold(change));
    return this.#holding;
  }

  /** Envelopes since the lane was made. */
  get sums(): { readonly delivered: number; readonly pending: number; readonly dropped: number } {
    const { cursor } = this.#setup;
    const { out, pending } = cursor.books;
    return { delivered: out - this.#began.delivered, pending, dropped: droppedOf(cursor) - this.#began.dropped };
  }

  get status(): LaneStatus {
    const { cursor, clock } = this.#setup;
    const { books, dead } = cursor;
    const { paused = false, sendingMs, batchLimit } = this.#run ?? {};
    const state = this.#state(books);
    const dueMs = state === 'waiting' || state === 'backing_off' ? this.#run?.dueMs : undefined;
    const until = dueMs === undefined ? undefined : clock.wall() + dueMs;
    return { sink: this.sink.name, state, until, batchLimit, dead, ...books, ...this.#counts, paused, sendingMs };
  }

  #state({ pending, parked }: CursorBooks): LaneState {
    const run = this.#run;
    if (run?.paused) return 'paused';
    if (run?.sendingMs !== undefined) return 'sending';
    if (pending === 0) return 'idle';
    return this.#counts.error !== undefined || parked === pending ? 'backing_off' : 'waiting';
  }

  async #hold(change: () => Promise<void>): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    await Promise.race([run?.stop(), pause(this.#setup.clock, LET_GO_MS)]);
    run?.abandon();
    this.#setup.cursor.takeBack();
    try {
      await change();
    } finally {
      if (!this.#stopped) this.#begin();
    }
  }

  #begin(): void {
    this.#run = new Run(this.#setup, this.#counts, () => {
      this.#idle.resolve();
      this.#idle = Promise.withResolvers();
    });
    if (this.#draining) this.#run.flush();
  }
}

function droppedOf({ books }: Cursor): number {
  return Object.values(books.dropped).reduce((sum, count) => sum + count, 0);
}
