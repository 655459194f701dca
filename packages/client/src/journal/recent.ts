/** The newest envelopes in memory, so that a sink that keeps up is served without reading back what was just written. */
import type { Row } from './row.ts';

const MOST_ROWS = 65_536;
const MOST_BYTES = 16 * 1024 * 1024;

/** A run of rows without a gap: `n` of each is one more than that of the row before. */
export class Recent {
  #rows: Row[] = [];
  #bytes = 0;

  push(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      this.#bytes += row.envelope.bytes.length;
    }
    // Halved at once, since taking the first from an array costs the more the longer it is.
    while (this.#rows.length > MOST_ROWS || (this.#bytes > MOST_BYTES && this.#rows.length > 1))
      this.#forget(this.#rows.length >> 1);
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

  #forget(count: number): void {
    for (const { envelope } of this.#rows.slice(0, count)) this.#bytes -= envelope.bytes.length;
    this.#rows = this.#rows.slice(count);
  }
}
