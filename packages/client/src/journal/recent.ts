/** The newest envelopes in memory, so that a sink that keeps up is served without reading back what was just written. Those that do not keep up read the file, and nothing is held for them. */
import type { Row } from './row.ts';

const MOST_ROWS = 32_768;
const MOST_BYTES = 8 * 1024 * 1024;

/** A run of rows without a gap: `n` of each is one more than that of the row before. */
export class Recent {
  #rows: Row[] = [];
  #bytes = 0;

  /** Takes what was committed. `readers`: the number up to which each cursor has read; of what all have that read here nothing is kept. */
  push(rows: readonly Row[], readers: readonly number[]): void {
    const first = (this.#rows[0] ?? rows[0])?.n ?? 0;
    const lowest = Math.min(...readers.filter((n) => n + 1 >= first));
    const read = Math.min(this.#rows.length, lowest + 1 - first);
    // Half of it or nothing, since taking the first from an array costs the more the longer it is.
    this.#keep(rows, read * 2 >= this.#rows.length ? read : 0);
    while (this.#rows.length > MOST_ROWS || (this.#bytes > MOST_BYTES && this.#rows.length > 1))
      this.#keep([], this.#rows.length >> 1);
  }

  /** At most `max` rows behind `n`; undefined if the next one is not held. */
  after(n: number, max: number): readonly Row[] | undefined {
    const first = this.#rows[0];
    if (!first || n + 1 < first.n) return undefined;
    const from = n + 1 - first.n;
    return this.#rows.slice(from, from + max);
  }

  /** After rows were deleted that it may hold. */
  clear(): void {
    this.#rows = [];
    this.#bytes = 0;
  }

  /** Appends `rows`, and lets go of the first so many. */
  #keep(rows: readonly Row[], without: number): void {
    if (without > 0) {
      for (const { envelope } of this.#rows.slice(0, without)) this.#bytes -= envelope.bytes.length;
      this.#rows = this.#rows.slice(without);
    }
    // In place: a commit may be of one, and what is held for a slow reader is many.
    for (const row of rows) {
      this.#rows.push(row);
      this.#bytes += row.envelope.bytes.length;
    }
  }
}
