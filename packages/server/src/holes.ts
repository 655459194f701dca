/** Seqs below the head that nobody has written: waited for until their hole time is over. PROTOCOL.md section 4.2. */
import type { Core } from './core.ts';

/** The seqs from `from` up to, not including, `to`, which the head jumped over at once. */
export interface Jump {
  readonly from: number;
  readonly to: number;
  /** Its hole time is over. */
  due(): void;
}

/** Jumps waited for at once, a channel; beyond that the oldest is released early. */
const MAX_JUMPS = 1_024;

export class Holes {
  #core: Core;
  #release: (jump: Jump) => void;
  /** Not released yet, the oldest first. */
  #jumps: Jump[] = [];

  constructor(core: Core, release: (jump: Jump) => void) {
    this.#core = core;
    this.#release = release;
  }

  /** The head goes from `from` past `to`. */
  jumped(from: number, to: number): void {
    const jump = { from, to, due: () => this.#due(jump) };
    this.#jumps.push(jump);
    this.#core.jumps.add(jump);
    if (this.#jumps.length > MAX_JUMPS) this.#jumps[0]?.due();
  }

  /** Whether `seq`, if nobody has written it, may still come. */
  has(seq: number): boolean {
    return this.#jumps.some(({ from, to }) => from <= seq && seq < to);
  }

  /** Nothing is waited for any more. */
  clear(): void {
    for (const jump of this.#jumps) this.#core.jumps.delete(jump);
    this.#jumps = [];
  }

  #due(jump: Jump): void {
    this.#core.jumps.delete(jump);
    this.#jumps.splice(this.#jumps.indexOf(jump), 1);
    this.#release(jump);
  }
}
