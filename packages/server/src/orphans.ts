/** Open segments that no living writer can end well any more: they are settled after the resume time, or when the channel goes on. PROTOCOL.md section 4.2. */
import type { Core } from './core.ts';
import type { Segment } from './segment.ts';

export class Orphans {
  #core: Core;
  #settle: (segment: Segment) => void;
  #timers = new Map<Segment, () => void>();

  constructor(core: Core, settle: (segment: Segment) => void) {
    this.#core = core;
    this.#settle = settle;
  }

  /** Starts the resume time of `segment`, anew if it runs already. */
  add(segment: Segment): void {
    this.delete(segment);
    const { clock, limits } = this.#core;
    this.#timers.set(
      segment,
      clock.after(limits.resumeMs, () => this.#settle(segment)),
    );
  }

  delete(segment: Segment): void {
    this.#timers.get(segment)?.();
    this.#timers.delete(segment);
  }

  /** A byte has arrived for `segment`: orphans before it are given up; if it is one itself, a writer of it still lives. */
  heard(segment: Segment): void {
    if (this.#timers.size === 0) return;
    if (this.#timers.has(segment)) this.add(segment);
    for (const orphan of this.#timers.keys()) if (orphan.seq < segment.seq) this.#settle(orphan);
  }
}
