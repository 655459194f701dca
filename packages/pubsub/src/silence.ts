/** Notices that a body says nothing while somebody waits for it: a connection that is half open looks just like a quiet one. One timer a body, none a chunk. */
import type { Clock } from '@runnel/protocol';

export class Silence {
  /** It has been silent for too long. */
  isOver = false;
  #heard = true;
  #awaited = true;
  #cancel: () => void = () => {};

  /** Calls `onSilence` once, when nothing was heard for `ms` to twice that, unless it is stopped before. */
  constructor(clock: Clock, ms: number, onSilence: () => void) {
    const look = () => {
      if (this.#awaited && !this.#heard) {
        this.isOver = true;
        return onSilence();
      }
      this.#heard = false;
      this.#cancel = clock.after(ms, look);
    };
    look();
  }

  /** Nobody waits until something is heard: whoever reads takes their time. */
  handedOut(): void {
    this.#awaited = false;
  }

  heard(): void {
    this.#heard = true;
    this.#awaited = true;
  }

  stop(): void {
    this.#cancel();
  }
}
