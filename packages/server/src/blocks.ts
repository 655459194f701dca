/** Memory that bodies are read into and segments keep, used again: V8 marks the whole heap for every 64 MiB of new buffers. */

export const BLOCK_BYTES = 64 * 1024;

/** A block that has just been read into. */
export interface Block {
  readonly memory: Buffer;
  /** Whether a segment has made it its own. */
  kept: boolean;
}

/** Blocks that no segment holds any more. */
export class Blocks {
  #free: Buffer[] = [];
  #held: () => number;

  /** `held`: the bytes that segments hold. No more than these are kept for later, so that a server at rest keeps none. */
  constructor(held: () => number) {
    this.#held = held;
  }

  get bytes(): number {
    return this.#free.length * BLOCK_BYTES;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Whoever gives a block back must be sure that nobody reads it any more. */
  give(block: Buffer): void {
    this.#free.push(block);
    while (this.bytes > this.#held()) this.#free.pop();
  }
}
