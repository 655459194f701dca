/**
 * What all lanes to one place share, so that together they spare it: a breaker, a budget of retries, a pace after outages, and the word of its `Retry-After`.
 * Pure: time and chance are handed in. EGRESS section 6 "retry storm", R8.
 */
import { backoff } from './backoff.ts';

/** Longest that a Retry-After is believed. */
const MOST_RETRY_AFTER_MS = 300_000;
/** How long to wait where nobody said. EGRESS 2.8. */
const THROTTLED_MS = 60_000;
/** Repetitions may be a tenth of the requests; so many are granted at the start, and one in so long whatever happens. */
const RETRY_SHARE = 0.1;
const MOST_RETRIES = 10;
const RETRY_EVERY_MS = 30_000;
/** So many failures in a row, or so long without a success, are an outage: one request at a time asks whether it is over. */
const OUTAGE = 3;
const OUTAGE_MS = 5000;
/**
 * How much faster than before an outage requests may follow each other after it. So an outage is caught up in four times its length where batches were full,
 * and much sooner where they grow. Whoever needs longer has more to send than before, and each success makes the interval a little shorter.
 */
const CATCH_UP = 1.25;
const HELD = 1 / (CATCH_UP - 1) + 1;
const LEAST_HELD_MS = 60_000;
const MOST_HELD_MS = 300_000;
const SPEED_UP = 0.98;
/** Between requests to a place that had none before an outage; the most that counts as usual, unless a lane waits longer for its batches; the most that is averaged. */
const UNKNOWN_INTERVAL_MS = 100;
const MOST_INTERVAL_MS = 1000;
const LONGEST_MS = 60_000;
/** Sums of fractions are not quite whole. */
const ROUNDING = 1e-6;

/** A lane, as its destination knows it. */
export interface Member {
  /** How long its batches may wait to become full. */
  readonly flushMs: number;
  /** An outage is over: another lane found out. */
  back(): void;
}

export class Destination {
  readonly #random: () => number;
  readonly #members = new Set<Member>();
  /** Those that have more waiting than usual. */
  readonly #behind = new Set<Member>();
  #failures = 0;
  #downSince: number | undefined;
  #askedUntil = Number.NEGATIVE_INFINITY;
  #probeAt = Number.NEGATIVE_INFINITY;
  #last: number | undefined;
  #retries = MOST_RETRIES;
  #refilledAt: number | undefined;
  #averageMs: number | undefined;
  #paceMs = 0;
  #heldUntil = 0;
  /** What `sent` changed last. */
  #before: { last: number | undefined; averageMs: number | undefined; probeAt: number; retries: number } | undefined;

  /** `random` gives from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A lane belongs to it until it leaves. */
  join(member: Member): void {
    this.#members.add(member);
  }

  leave(member: Member): void {
    this.#members.delete(member);
    this.#behind.delete(member);
  }

  /** Failures in a row, over all lanes. */
  get failures(): number {
    return this.#failures;
  }

  /** The earliest time for a request of any lane, on the clock that `now` is of. */
  at(now: number, retry: boolean): number {
    const paced = this.#last === undefined ? now : this.#last + this.#intervalMs;
    return Math.max(this.#askedUntil, this.#probeAt, paced, retry ? this.#whenBudgeted(now) : now);
  }

  /** A request goes out. */
  sent(now: number, retry: boolean): void {
    this.#before = { last: this.#last, averageMs: this.#averageMs, probeAt: this.#probeAt, retries: this.#retries };
    if (this.#last !== undefined && this.#failures === 0 && this.#paceMs === 0) {
      const interval = Math.min(LONGEST_MS, now - this.#last);
      this.#averageMs = this.#averageMs === undefined ? interval : this.#averageMs * 0.9 + interval * 0.1;
    }
    this.#last = now;
    // The others wait for what comes of it.
    if (this.#isOutage(now)) this.#probeAt = now + this.backoff(this.#failures);
    if (!retry) return;
    this.#refill(now);
    this.#retries -= 1;
  }

  /** The request of the last `sent` stayed here after all. */
  unsent(): void {
    if (!this.#before) return;
    this.#last = this.#before.last;
    this.#averageMs = this.#before.averageMs;
    this.#probeAt = this.#before.probeAt;
    this.#retries = this.#before.retries;
  }

  /** It took something of a lane, which has `caughtUp` if nothing waits behind that. */
  succeeded(now: number, member: Member, caughtUp: boolean): void {
    if (caughtUp) this.#behind.delete(member);
    else if (this.#paceMs > 0) this.#behind.add(member);
    const wasOutage = this.#isOutage(now);
    if (wasOutage) this.#slowStart(now);
    else if (this.#behind.size === 0) this.#paceMs = 0;
    else if (now >= this.#heldUntil) this.#paceMs *= SPEED_UP;
    this.#failures = 0;
    this.#downSince = undefined;
    this.#probeAt = Number.NEGATIVE_INFINITY;
    this.#retries = Math.min(MOST_RETRIES, this.#retries + RETRY_SHARE);
    if (wasOutage) for (const other of this.#members) if (other !== member) other.back();
  }

  /** It did not. The lane asks again at `nextAt`; in an outage nobody does before. */
  failed(now: number, member: Member, nextAt: number): void {
    this.#behind.add(member);
    this.#failures++;
    this.#downSince ??= now;
    if (this.#isOutage(now)) this.#probeAt = nextAt;
  }

  /** No lane asks earlier than it said, nor much later. Returns when the one that was told may: the others have their turn before, should it be told again. */
  throttled(now: number, retryAfterMs: number | undefined): number {
    const asked = Math.min(MOST_RETRY_AFTER_MS, Math.max(0, retryAfterMs ?? THROTTLED_MS));
    this.#askedUntil = Math.max(this.#askedUntil, now + asked * (1 + 0.08 * this.#random()));
    return this.#askedUntil + asked * 0.01;
  }

  backoff(failures: number): number {
    return backoff(failures, this.#random);
  }

  /** In the first moments of an outage, too, requests follow each other hardly faster than before. */
  get #intervalMs(): number {
    return this.#failures > 0 ? Math.max(this.#paceMs, (this.#usualMs ?? 0) / CATCH_UP) : this.#paceMs;
  }

  /** Between requests, before an outage. */
  get #usualMs(): number | undefined {
    let most = MOST_INTERVAL_MS;
    for (const { flushMs } of this.#members) most = Math.max(most, flushMs * 2);
    return this.#averageMs === undefined ? undefined : Math.min(most, this.#averageMs);
  }

  #isOutage(now: number): boolean {
    return this.#downSince !== undefined && (this.#failures >= OUTAGE || now - this.#downSince >= OUTAGE_MS);
  }

  #slowStart(now: number): void {
    const downMs = now - (this.#downSince ?? now);
    this.#paceMs = (this.#usualMs ?? UNKNOWN_INTERVAL_MS) / CATCH_UP;
    this.#heldUntil = now + Math.min(MOST_HELD_MS, Math.max(LEAST_HELD_MS, downMs * HELD));
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
