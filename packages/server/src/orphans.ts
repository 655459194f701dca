/** Open segments that no living writer can end well any more: they are settled after the resume time, or when the channel goes on. PROTOCOL.md section 4.2. */
import type { Core } from './core.ts';
import type { Segment } from './segment.ts';

export class Orphans {
  #core: Core;
  #settle: (segment: Segment) => void;
  /** Made when there is one: most channels never have any. */
  #timers: Map<Segment, () => void> | undefined;

  constructor(core: Core, settle: (segment: Segment) => void) {
    this.#core = core;
    this.#settle = settle;
  }

  get size(): number {
    return this.#timers?.size ?? 0;
  }

  /** Starts the resume time of `segment`, anew if it runs already. */
  add(segment: Segment): void {
    this.delete(segment);
    const { clock, limits } = this.#core;
    this.#timers ??= new Map();
    this.#timers.set(
      segment,
      clock.after(limits.resumeMs, () => this.#settle(segment)),
    );
  }

  delete(segment: Segment): void {
    this.#timers?.get(segment)?.();
    this.#timers?.delete(segment);
  }

  /** A byte has arrived for `segment`: orphans before it are given up; if it is one itself, a writer of it still lives. */
  heard(segment: Segment): void {
    if (this.#timers?.has(segment)) this.add(segment);
    for (const orphan of this.#timers?.keys() ?? []) if (orphan.seq < segment.seq) this.#settle(orphan);
  }
}
