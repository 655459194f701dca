/** For tests: a clock that stands still until it is told to move, and chance that can be repeated. Its own entry, `@runnel/protocol/testing`. */
import type { Clock } from './clock.ts';

/** A {@link Clock} moved by hand. `wall` starts at `wallMs` and moves along; `step` moves the wall clock alone. */
export class ManualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  /** By time, those of one time in the order in which they were set. */
  #timers: { at: number; fn: () => void }[] = [];

  constructor(wallMs = 1_700_000_000_000) {
    this.#wallOffset = wallMs;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wallOffset + this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), fn };
    this.#timers.splice(this.#timers.findLastIndex(({ at }) => at <= timer.at) + 1, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time on by `ms`, firing what falls due in order, each at its own time. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [due] = this.#timers;
      if (!due || due.at > until) break;
      this.#timers.shift();
      this.#now = Math.max(this.#now, due.at);
      due.fn();
    }
    this.#now = until;
  }

  /** Steps the wall clock by `ms`, as a correction of the system's time does; timers do not notice. */
  step(ms: number): void {
    this.#wallOffset += ms;
  }
}

/** Numbers from 0 to below 1, the same ones for the same seed on every machine. mulberry32: small, and even enough to choose sizes, pauses and faults with. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
