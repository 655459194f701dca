/** Tells a view that something has changed: ten times a second at most, however often it does, and at once after a pause. */
import { type Signal, signal } from '@preact/signals';

export interface Changes {
  /** Read it to be rendered again. */
  readonly version: Signal<number>;
  touch(): void;
}

/** What is drawn more often than this nobody can read, and at 1,000 events a second each drawing is of all rows. */
const EVERY_MS = 100;

export function createChanges(): Changes {
  const version = signal(0);
  let due = false;
  let last = Number.NEGATIVE_INFINITY;
  const tell = () => {
    due = false;
    last = performance.now();
    version.value++;
  };
  return {
    version,
    touch() {
      if (due) return;
      due = true;
      setTimeout(tell, last + EVERY_MS - performance.now());
    },
  };
}
