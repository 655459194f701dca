/** Tells a view that something has changed: once a frame at most, however often it does. */
import { type Signal, signal } from '@preact/signals';

export interface Changes {
  /** Read it to be rendered again. */
  readonly version: Signal<number>;
  touch(): void;
}

export function createChanges(): Changes {
  const version = signal(0);
  let due = false;
  return {
    version,
    touch() {
      if (due) return;
      due = true;
      // No frames come while the page is hidden, and then nobody looks.
      requestAnimationFrame(() => {
        due = false;
        version.value++;
      });
    },
  };
}
