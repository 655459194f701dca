/**
 * When a destination may be asked again: after failures with growing pauses, after a 429 when it said, never more often than agreed, and after an outage not
 * faster than before it. One for a lane; all its requests pass it. EGRESS 2.6 to 2.8, section 6 "retry storm".
 */

const FIRST_BACKOFF_MS = 1000;
const MOST_BACKOFF_MS = 60_000;
/** Longest that a Retry-After is believed. */
const MOST_RETRY_AFTER_MS = 300_000;
/** How long to wait where nobody said. EGRESS 2.8. */
const THROTTLED_MS = 60_000;
/** Repetitions may be a tenth of the requests; so many are granted at the start, and one in so long whatever happens. */
const RETRY_SHARE = 0.1;
const MOST_RETRIES = 10;
const RETRY_EVERY_MS = 30_000;
/** After so many failures in a row it was an outage. */
const OUTAGE = 3;
/** How much faster than before an outage requests may follow each other for the first minute after it, and what each success makes of their interval later. */
const CATCH_UP = 1.25;
const SPEED_UP = 0.98;
/** Between requests of a lane that had none before an outage. */
const UNKNOWN_INTERVAL_MS = 100;
const MOST_INTERVAL_MS = 1000;
/** Sums of fractions are not quite whole. */
const ROUNDING = 1e-6;
const MINUTE_MS = 60_000;

export interface GateOptions {
  readonly requestsPerMinute: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export class Gate {
  readonly #options: GateOptions;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #paused = false;
  #renewals = 0;
  #sent: number[] = [];
  #last: number | undefined;
  #retries = MOST_RETRIES;
  #refilledAt: number | undefined;
  #usualMs: number | undefined;
  #paceMs = 0;
  #heldUntil = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The earliest time for a request, on the clock that `now` is of; Infinity while paused. */
  at(now: number, retry: boolean): number {
    if (this.#paused) return Number.POSITIVE_INFINITY;
    const paced = this.#last === undefined ? now : this.#last + this.#paceMs;
    return Math.max(this.#notBefore, paced, this.#whenAgreed(), retry ? this.#whenBudgeted(now) : now);
  }

  /** A request goes out. */
  sent(now: number, retry: boolean): void {
    if (this.#last !== undefined && this.#failures === 0 && this.#paceMs === 0) {
      const interval = Math.min(MOST_INTERVAL_MS, now - this.#last);
      this.#usualMs = this.#usualMs === undefined ? interval : this.#usualMs * 0.9 + interval * 0.1;
    }
    this.#last = now;
    if (Number.isFinite(this.#options.requestsPerMinute)) this.#sent.push(now);
    if (!retry) return;
    this.#refill(now);
    this.#retries -= 1;
  }

  /** The destination took something. `caughtUp`: nothing waits behind it. */
  succeeded(now: number, caughtUp: boolean): void {
    if (this.#failures >= OUTAGE) {
      this.#paceMs = Math.min(MOST_INTERVAL_MS, this.#usualMs ?? UNKNOWN_INTERVAL_MS) / CATCH_UP;
      this.#heldUntil = now + MINUTE_MS;
    } else if (caughtUp) this.#paceMs = 0;
    else if (now >= this.#heldUntil) this.#paceMs *= SPEED_UP;
    this.#failures = 0;
    this.#renewals = 0;
    this.#retries = Math.min(MOST_RETRIES, this.#retries + RETRY_SHARE);
  }

  /** It did not: full jitter over 1, 2, 4 … 60 s. */
  failed(now: number): void {
    this.#failures++;
    this.#wait(now, this.backoff(this.#failures));
  }

  /** A failure that is no reason for the others to wait. */
  noted(): void {
    this.#failures++;
  }

  /** No earlier than it said, and no later than a tenth more. */
  throttled(now: number, retryAfterMs: number | undefined): void {
    const asked = Math.min(MOST_RETRY_AFTER_MS, Math.max(0, retryAfterMs ?? THROTTLED_MS));
    this.#wait(now, asked * (1 + 0.09 * this.#options.random()));
  }

  /** Until `renewed`. */
  pause(): void {
    this.#paused = true;
  }

  /** At once the first time; where the new credentials do not help either, with growing pauses. */
  renewed(now: number): void {
    this.#paused = false;
    if (this.#renewals > 0) this.#wait(now, this.backoff(this.#renewals));
    this.#renewals++;
  }

  /** How long to wait after so many failures. */
  backoff(failures: number): number {
    return this.#options.random() * Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 30));
  }

  #wait(now: number, ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + ms);
  }

  #whenAgreed(): number {
    const { requestsPerMinute } = this.#options;
    if (this.#sent.length < requestsPerMinute) return Number.NEGATIVE_INFINITY;
    this.#sent = this.#sent.slice(-requestsPerMinute);
    return (this.#sent[0] as number) + MINUTE_MS;
  }

  #whenBudgeted(now: number): number {
    this.#refill(now);
    return this.#retries >= 1 - ROUNDING ? now : now + (1 - this.#retries) * RETRY_EVERY_MS;
  }

  #refill(now: number): void {
    const passed = now - (this.#refilledAt ?? now);
    this.#refilledAt = now;
    this.#retries = Math.min(MOST_RETRIES, this.#retries + passed / RETRY_EVERY_MS);
  }
}
