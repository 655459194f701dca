/** Notices when this process did not get to run: what a case saw then may be its own fault. */
const TICK_MS = 50;

/** A case looks at nothing shorter than 300 ms. */
const STALL_MS = 150;

export class LoopWatch {
  readonly #timer: NodeJS.Timeout;
  #due = performance.now() + TICK_MS;
  #lastStall = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Whether the event loop stood still for {@link STALL_MS} at any time since then (`performance.now()`). */
  stalledSince(time: number): boolean {
    this.#tick();
    return this.#lastStall >= time;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    if (now - this.#due > STALL_MS) this.#lastStall = now;
    this.#due = now + TICK_MS;
  }
}
