/** A clock that stands still until it is told to move. For tests; its own entry, `@runnel/protocol/testing`. */
import type { Clock } from './clock.ts';

/** A {@link Clock} moved by hand. `wall` starts at `wallMs` and moves along; `step` moves the wall clock alone. */
export class ManualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  #timers: { at: number; order: number; fn: () => void }[] = [];
  #order = 0;

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
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.push(timer);
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
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((each) => each !== due);
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
