/** How long to wait after so many failures in a row: full jitter over 1, 2, 4 … 60 s. EGRESS 2.6. */

const FIRST_BACKOFF_MS = 1000;
const MOST_BACKOFF_MS = 60_000;

/** `random` gives from 0 to below 1. */
export function backoff(failures: number, random: () => number): number {
  return random() * Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 30));
}
