/** How long a subscriber waits before it asks again, and when it gives up. PROTOCOL.md section 9. */
import type { TrickleError } from '@runnel/protocol';
import { backoffMs } from './backoff.ts';
import { AGAIN_MS } from './place.ts';
import { Failure } from './verdict.ts';

/** After an outage, however long, the subscriber is to be back within about a second of its server or channel. */
const MOST_MS = 1_000;

export class Patience {
  /** Failures that were followed by another try. */
  retries = 0;
  readonly #mostRetries: number;
  /** In a row. */
  #failures = 0;
  #polls = 0;

  constructor(mostRetries: number) {
    this.#mostRetries = mostRetries;
  }

  /** The server has answered as servers do: the failures before are forgotten. */
  answered(): void {
    this.#failures = 0;
  }

  /** How many milliseconds to wait for a channel that is not there yet. */
  pollMs(): number {
    return backoffMs(++this.#polls, AGAIN_MS, MOST_MS);
  }

  /** How many milliseconds to wait after a failure; undefined where it was the last to bear with. */
  retryMs(error: TrickleError): number | undefined {
    if (++this.#failures > this.#mostRetries) return undefined;
    this.retries++;
    const askedMs = error instanceof Failure ? error.retryAfterMs : 0;
    return Math.max(askedMs, backoffMs(this.#failures, AGAIN_MS, MOST_MS));
  }
}
