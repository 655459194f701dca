/** How long to wait before the next attempt. */

export interface Backoff {
  /** Milliseconds to wait now; the limit of the wait after it is twice as long, up to the most. */
  next(): number;
  /** It worked: begin again with the first wait. */
  reset(): void;
}

/** Waits of a random length up to a limit that doubles from `firstMs` to `mostMs` (full jitter, so that many clients do not come back at once), and never less than a tenth of `firstMs`. */
export function createBackoff(firstMs: number, mostMs: number, random: () => number = Math.random): Backoff {
  let limitMs = firstMs;
  return {
    next() {
      const waitMs = Math.max(firstMs / 10, random() * limitMs);
      limitMs = Math.min(limitMs * 2, mostMs);
      return waitMs;
    },
    reset() {
      limitMs = firstMs;
    },
  };
}
