/** How many envelopes a batch may have: as the sink says, less after it was too large, more again with each full batch that was taken. EGRESS 2.9. */

/** A full batch that is taken adds this part of the most. */
const GROWTH = 1 / 32;

export class BatchLimit {
  readonly most: number;
  #now: number;

  constructor(most: number) {
    this.most = most;
    this.#now = most;
  }

  get now(): number {
    return Math.floor(this.#now);
  }

  /** A batch of so many was too large. */
  tooLarge(count: number): void {
    this.#now = Math.max(1, Math.min(this.#now, count / 2));
  }

  /** A batch of so many was taken. */
  taken(count: number): void {
    if (count >= this.now) this.#now = Math.min(this.most, this.#now + Math.max(1, this.most * GROWTH));
  }
}
