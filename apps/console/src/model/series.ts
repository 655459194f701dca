/** Figures over time, for charts: one ring of moments, one column a figure. Bounded in both directions. */

/** Names come from runners, who may make up any number of them. */
const MOST_COLUMNS = 64;

/** As uPlot takes it: moments in seconds, then the columns asked for; null where there is no figure. */
export type Aligned = [number[], ...(number | null)[][]];

export class Series {
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #columns = new Map<string, Float64Array>();
  #next = 0;
  #length = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
  }

  get names(): string[] {
    return [...this.#columns.keys()];
  }

  get length(): number {
    return this.#length;
  }

  /** The newest moment, in milliseconds since 1970; undefined while empty. */
  get last(): number | undefined {
    return this.#length > 0 ? this.#last : undefined;
  }

  /** Figures of one moment, in milliseconds since 1970. One that is not later than the newest is counted as the same moment. */
  push(at: number, figures: Readonly<Record<string, number>>): void {
    if (at > this.#last) this.#begin(at);
    const row = (this.#next + this.#capacity - 1) % this.#capacity;
    for (const [name, value] of Object.entries(figures)) {
      const column = this.#column(name);
      if (column && Number.isFinite(value)) column[row] = value;
    }
  }

  /** What lies from `from` to `to`, in milliseconds since 1970, oldest first. */
  window(names: readonly string[], from: number, to: number): Aligned {
    const columns = names.map((name) => this.#columns.get(name));
    const times: number[] = [];
    const values: (number | null)[][] = names.map(() => []);
    for (let n = 0; n < this.#length; n++) {
      const row = (this.#next - this.#length + n + this.#capacity) % this.#capacity;
      const at = this.#times[row] as number;
      if (at < from || at > to) continue;
      times.push(at / 1000);
      for (const [place, column] of columns.entries()) values[place]?.push(known(column?.[row]));
    }
    return [times, ...values];
  }

  /** The newest figures of one name, oldest first, at most `most`; NaN where there is none. */
  newest(name: string, most: number): number[] {
    const column = this.#columns.get(name);
    const count = Math.min(most, this.#length);
    return Array.from({ length: count }, (_, n) => {
      const row = (this.#next - count + n + this.#capacity) % this.#capacity;
      return column?.[row] ?? Number.NaN;
    });
  }

  #begin(at: number): void {
    this.#times[this.#next] = at;
    for (const column of this.#columns.values()) column[this.#next] = Number.NaN;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#length = Math.min(this.#length + 1, this.#capacity);
    this.#last = at;
  }

  #column(name: string): Float64Array | undefined {
    const known = this.#columns.get(name);
    if (known || this.#columns.size >= MOST_COLUMNS) return known;
    const column = new Float64Array(this.#capacity).fill(Number.NaN);
    this.#columns.set(name, column);
    return column;
  }
}

const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);
