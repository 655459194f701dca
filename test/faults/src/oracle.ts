/**
 * Knows what was published and committed, hears what the sink took, and says what is wrong: something lost, twice for no reason, or out of order. EGRESS R1, R2, R9, R10.
 */
import { partsOf } from './feed.ts';

export interface Verdict {
  /** Envelopes that the journal was seen to hold. */
  readonly committed: number;
  /** Envelopes that the sink took, each counted once. */
  readonly arrived: number;
  /** Committed, and never taken. */
  readonly lost: readonly string[];
  /** Taken once more, after a kill or an answer that did not get through. */
  readonly duplicates: number;
  /** Interruptions after which there were any, and the most of one. */
  readonly mostDuplicates: number;
  /** Numbers that no event came with, though a later one did. */
  readonly gaps: number;
  /** One sentence for each thing that may not be; empty when all is well. */
  readonly problems: readonly string[];
}

export class Oracle {
  readonly #committed = new Map<string, number>();
  readonly #taken = new Set<string>();
  readonly #newest = new Map<string, number>();
  readonly #problems: string[] = [];
  /** May come once more: their acknowledgement may not have been booked. */
  readonly #open = new Set<string>();
  readonly #mayHaveGaps: boolean;
  #gaps = 0;
  #lastBatch: readonly string[] = [];
  #lastRow = 0;
  #duplicates = 0;
  #sinceInterruption = 0;
  #mostDuplicates = 0;

  /** `gaps`: something before the journal may drop events; how many is for the caller to judge. Default false: a gap is a problem. */
  constructor({ gaps = false }: { readonly gaps?: boolean } = {}) {
    this.#mayHaveGaps = gaps;
  }

  /** The journal holds these now, oldest first; `rowsBefore` were seen before. */
  committed(rows: readonly { readonly n: number; readonly id: string }[]): void {
    for (const { n, id } of rows) {
      if (n !== this.#lastRow + 1) this.#problems.push(`row ${n} of the journal comes after ${this.#lastRow}`);
      this.#lastRow = n;
      if (this.#committed.has(id)) this.#problems.push(`${id} was committed twice`);
      this.#committed.set(id, n);
    }
  }

  /** The newest row that it was told of. */
  get lastRow(): number {
    return this.#lastRow;
  }

  /** The sink took a batch. Whether the client hears of it is another matter. */
  taken(ids: readonly string[]): void {
    for (const id of ids) if (this.#taken.has(id)) this.#again(id);
    const firsts = ids.filter((id) => !this.#taken.has(id));
    for (const id of firsts) this.#first(id);
    // What has gone on to others is done with all before them.
    if (firsts.length > 0) this.#open.clear();
    for (const id of ids) this.#open.delete(id);
    this.#lastBatch = ids;
  }

  /** The client was killed, or could not hear what the sink answered: the batch taken last may come again, and no other. */
  interrupted(): void {
    for (const id of this.#lastBatch) this.#open.add(id);
    this.#sinceInterruption = 0;
  }

  get arrived(): number {
    return this.#taken.size;
  }

  verdict(): Verdict {
    const lost = [...this.#committed.keys()].filter((id) => !this.#taken.has(id));
    const problems = [...this.#problems];
    if (lost.length > 0) problems.push(`${lost.length} committed and lost: ${lost.slice(0, 5).join(', ')} …`);
    return {
      committed: this.#committed.size,
      arrived: this.#taken.size,
      lost,
      duplicates: this.#duplicates,
      mostDuplicates: this.#mostDuplicates,
      gaps: this.#gaps,
      problems,
    };
  }

  #again(id: string): void {
    this.#duplicates++;
    this.#sinceInterruption++;
    this.#mostDuplicates = Math.max(this.#mostDuplicates, this.#sinceInterruption);
    if (!this.#open.has(id)) this.#problems.push(`${id} came again, and was not in the batch in flight`);
  }

  #first(id: string): void {
    const { session, n } = partsOf(id);
    const before = this.#newest.get(session) ?? 0;
    const gap = n - before - 1;
    if (gap > 0) this.#gaps += gap;
    if (gap < 0 || (gap > 0 && !this.#mayHaveGaps)) this.#problems.push(`${id} came first after ${session}-${before}`);
    this.#newest.set(session, Math.max(before, n));
    this.#taken.add(id);
  }
}
