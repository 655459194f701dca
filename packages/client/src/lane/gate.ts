/**
 * When one lane may ask again: after its failures with growing pauses, with new credentials after a 401, never more often than agreed, and only when its
 * destination may be asked at all. All its requests pass here. EGRESS 2.6 to 2.8.
 */
import type { Destination, Member } from './destination.ts';

const MINUTE_MS = 60_000;

export interface GateOptions {
  readonly flushMs: number;
  /** Of this lane alone: it is agreed for its credentials, and others to the same destination may have their own. */
  readonly requestsPerMinute: number;
  readonly destination: Destination;
  /** An outage of the destination is over: `at` may be sooner than it was. */
  readonly onBack: () => void;
}

export class Gate implements Member {
  readonly #options: GateOptions;
  #failures = 0;
  #backoffUntil = Number.NEGATIVE_INFINITY;
  #paused = false;
  #renewals = 0;
  #renewedUntil = Number.NEGATIVE_INFINITY;
  #sent: number[] = [];

  constructor(options: GateOptions) {
    this.#options = options;
    options.destination.join(this);
  }

  get flushMs(): number {
    return this.#options.flushMs;
  }

  /** The lane is no more. */
  leave(): void {
    this.#options.destination.leave(this);
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
    const { destination } = this.#options;
    return Math.max(this.#backoffUntil, this.#renewedUntil, this.#whenAgreed(), destination.at(now, retry));
  }

  /** A request goes out. */
  sent(now: number, retry: boolean): void {
    const { requestsPerMinute, destination } = this.#options;
    if (Number.isFinite(requestsPerMinute)) this.#sent.push(now);
    destination.sent(now, retry);
  }

  /** The request of the last `sent` stayed here after all. */
  unsent(): void {
    this.#sent.pop();
    this.#options.destination.unsent();
  }

  /** The destination took something. `caughtUp`: nothing waits behind it. */
  succeeded(now: number, caughtUp: boolean): void {
    this.#failures = 0;
    this.#backoffUntil = Number.NEGATIVE_INFINITY;
    this.#renewals = 0;
    this.#options.destination.succeeded(now, this, caughtUp);
  }

  /** It did not. */
  failed(now: number): void {
    const { destination } = this.#options;
    this.#failures++;
    this.#backoffUntil = now + destination.backoff(Math.max(this.#failures, destination.failures + 1));
    destination.failed(now, this, this.#backoffUntil);
  }

  /** A failure that is no reason for the others to wait. */
  noted(): void {
    this.#failures++;
  }

  /** Asked to slow down. */
  throttled(now: number, retryAfterMs: number | undefined): void {
    const until = this.#options.destination.throttled(now, retryAfterMs);
    this.#backoffUntil = Math.max(this.#backoffUntil, until);
  }

  /** Until `renewed`. */
  pause(): void {
    this.#paused = true;
  }

  /** At once the first time; where the new credentials do not help either, with growing pauses. */
  renewed(now: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#renewals > 0) this.#renewedUntil = now + this.backoff(this.#renewals);
    this.#renewals++;
  }

  /** What it waited for is over. */
  back(): void {
    this.#failures = 0;
    this.#backoffUntil = Number.NEGATIVE_INFINITY;
    this.#options.onBack();
  }

  /** How long to wait after so many failures. */
  backoff(failures: number): number {
    return this.#options.destination.backoff(failures);
  }

  #whenAgreed(): number {
    const { requestsPerMinute } = this.#options;
    if (this.#sent.length < requestsPerMinute) return Number.NEGATIVE_INFINITY;
    this.#sent = this.#sent.slice(-requestsPerMinute);
    return (this.#sent[0] as number) + MINUTE_MS;
  }
}
