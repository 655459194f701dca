/** One interval for all that a runner does at intervals, changeable while it runs. */
import type { Clock } from '@runnel/protocol';
import { every } from './heartbeat.ts';

export class Heart {
  readonly #clock: Clock;
  #ms: number;
  readonly #beats = new Set<{ readonly fn: () => void; stop: () => void }>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls `fn` at every interval until the result is called. */
  each(fn: () => void): () => void {
    const beat = { fn, stop: every(this.#clock, this.#ms, fn) };
    this.#beats.add(beat);
    return () => {
      beat.stop();
      this.#beats.delete(beat);
    };
  }

  /** The interval is `ms` from now on, counted from now. */
  retime(ms: number): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    for (const beat of this.#beats) {
      beat.stop();
      beat.stop = every(this.#clock, ms, beat.fn);
    }
  }
}
