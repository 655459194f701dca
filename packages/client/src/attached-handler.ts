/** One handler of events and its circuit: one that throws gets no events for a while, longer each time, and then another chance. EGRESS 4.15. */
import type { Clock } from '@runnel/protocol';
import { beginningOf } from './beginning.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Calls that have not ended. Whoever sends each event somewhere would else heap them up when that is away. */
const MOST_OPEN = 1_000;

/** A figure of a handler; all of its events are in `calls + skipped`. */
export interface HandlerBooks {
  readonly id: string;
  /** Times it was called. */
  readonly calls: number;
  /** Times it threw or rejected. */
  readonly failures: number;
  /** Events it did not get while it paused, or while 1,000 of its calls had not ended. */
  readonly skipped: number;
  /** What is left of its pause, in milliseconds; absent while it gets events. */
  readonly pausedMs?: number;
  /** Why it failed last. */
  readonly error?: string;
}

export interface Failure {
  readonly kind: 'throw' | 'reject';
  readonly error: unknown;
  /** It did not fail just before. */
  readonly isFirst: boolean;
}

export class AttachedHandler<Event> {
  readonly id: string;
  readonly #handle: (event: Event) => unknown;
  readonly #clock: Clock;
  #calls = 0;
  #failures = 0;
  #skipped = 0;
  #open = 0;
  /** Failures in a row; those of calls that were under way together are one. */
  #inARow = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #error: string | undefined;

  constructor(id: string, handle: (event: Event) => unknown, clock: Clock) {
    this.id = id;
    this.#handle = handle;
    this.#clock = clock;
  }

  /** Hands it the event, unless it pauses or is too far behind, and waits for nothing. Never throws. */
  call(event: Event, onFailure: (failure: Failure) => void): void {
    if (this.#paused || this.#open >= MOST_OPEN) {
      this.#skipped++;
      return;
    }
    this.#calls++;
    try {
      const result = this.#handle(event);
      if (result instanceof Promise) this.#await(result, onFailure);
      else this.#inARow = 0;
    } catch (error) {
      this.#fail({ kind: 'throw', error }, onFailure);
    }
  }

  get books(): HandlerBooks {
    const left = this.#pausedUntil - this.#clock.now();
    return {
      id: this.id,
      calls: this.#calls,
      failures: this.#failures,
      skipped: this.#skipped,
      ...(left > 0 && { pausedMs: Math.ceil(left) }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  get #paused(): boolean {
    return this.#clock.now() < this.#pausedUntil;
  }

  #await(result: Promise<unknown>, onFailure: (failure: Failure) => void): void {
    this.#open++;
    result.then(
      () => {
        this.#open--;
        this.#inARow = 0;
      },
      (error) => {
        this.#open--;
        this.#fail({ kind: 'reject', error }, onFailure);
      },
    );
  }

  #fail(failure: Omit<Failure, 'isFirst'>, onFailure: (failure: Failure) => void): void {
    this.#failures++;
    this.#error = textOf(failure.error);
    const isFirst = this.#inARow === 0;
    // A call that was under way when another failed says nothing about what comes after the pause.
    if (!this.#paused)
      this.#pausedUntil = this.#clock.now() + Math.min(FIRST_PAUSE_MS * 2 ** this.#inARow++, LONGEST_PAUSE_MS);
    onFailure({ ...failure, isFirst });
  }
}

/** What was thrown may be anything. */
export function textOf(error: unknown): string {
  try {
    return beginningOf(String(error), 1_000);
  } catch {
    return 'something that is no text';
  }
}

/** Empty where there is none. */
export function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? beginningOf(String(error.stack ?? ''), 4_000) : '';
  } catch {
    return '';
  }
}
