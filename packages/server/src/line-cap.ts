/** The event cap of a JSONL channel. PROTOCOL.md section 7.2. */

const LF = 10;
const PIECE = 65_536;

/** Follows the length of the line that is being written, by chunks and not by lines. */
export class LineCap {
  #cap: number;
  #carry = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Where in `chunk` a line goes over the cap: so many of its bytes still fit. -1 if none does. */
  exceededAt(chunk: Buffer): number {
    const step = Math.min(this.#cap, PIECE);
    if (chunk.length <= step) return this.#exceededIn(chunk);
    for (let from = 0; from < chunk.length; from += step) {
      const at = this.#exceededIn(chunk.subarray(from, from + step));
      if (at >= 0) return from + at;
    }
    return -1;
  }

  /** A piece is no longer than the cap, so only the line it begins with can go over. */
  #exceededIn(piece: Buffer): number {
    if (this.#carry + piece.length > this.#cap) {
      const first = piece.indexOf(LF);
      if (first < 0 || this.#carry + first + 1 > this.#cap) return this.#cap - this.#carry;
    }
    this.#carry = this.#after(piece);
    return -1;
  }

  #after(piece: Buffer): number {
    if (piece[piece.length - 1] === LF) return 0;
    const last = piece.lastIndexOf(LF);
    return last < 0 ? this.#carry + piece.length : piece.length - last - 1;
  }
}
