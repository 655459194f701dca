/** What a session handed over and no transaction holds yet: a queue that drops its oldest. */
import type { Envelope } from '@runnel/protocol';
import type { Position } from '../position.ts';

export interface Entry {
  readonly session: string;
  readonly envelopes: readonly Envelope[];
  /** Behind the envelopes; committed with them. */
  readonly position: Position;
  /** The session's counts up to the position. */
  readonly books: object;
}

/** Entries with envelopes are bounded by these; one without is forgotten once a newer one of its session is there. */
const MOST_EMPTY = 1024;

interface Queued extends Entry {
  readonly done: (() => void)[];
}

export class Waiting {
  #entries: Queued[] = [];
  #envelopes = 0;
  #bytes = 0;
  #empty = 0;

  get envelopes(): number {
    return this.#envelopes;
  }

  get entries(): number {
    return this.#entries.length;
  }

  /** Resolves when the entry has left, whichever way. */
  push(entry: Entry): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#entries.push({ ...entry, done: [resolve] });
    this.#envelopes += entry.envelopes.length;
    this.#bytes += sizeOf(entry.envelopes);
    if (entry.envelopes.length === 0) this.#empty++;
    if (this.#empty > MOST_EMPTY) this.#forgetEmpty();
    return promise;
  }

  /** The oldest entries: one at least, and no more than `max` envelopes if that one has no more. They stay. */
  peek(max: number): readonly Entry[] {
    let envelopes = 0;
    let count = 0;
    for (const entry of this.#entries) {
      envelopes += entry.envelopes.length;
      if (count > 0 && envelopes > max) break;
      count++;
    }
    return this.#entries.slice(0, count);
  }

  /** Takes the oldest entries away. */
  shift(count: number): void {
    for (const { envelopes, done } of this.#entries.slice(0, count)) {
      this.#envelopes -= envelopes.length;
      this.#bytes -= sizeOf(envelopes);
      if (envelopes.length === 0) this.#empty--;
      for (const resolve of done) resolve();
    }
    this.#entries = this.#entries.slice(count);
  }

  /** Takes envelopes away, the oldest first, until no more than so many and so many bytes are left; returns how many. Positions stay. */
  evict(maxEnvelopes: number, maxBytes: number): number {
    let evicted = 0;
    for (let at = 0; this.#envelopes > maxEnvelopes || this.#bytes > maxBytes; at++) {
      const entry = this.#entries[at];
      if (!entry) break;
      if (entry.envelopes.length === 0) continue;
      evicted += entry.envelopes.length;
      this.#envelopes -= entry.envelopes.length;
      this.#bytes -= sizeOf(entry.envelopes);
      this.#empty++;
      this.#entries[at] = { ...entry, envelopes: [] };
    }
    return evicted;
  }

  /** Takes all away; returns how many envelopes. */
  clear(): number {
    const envelopes = this.#envelopes;
    this.shift(this.#entries.length);
    return envelopes;
  }

  #forgetEmpty(): void {
    const later = new Map<string, (() => void)[]>();
    const kept: Queued[] = [];
    for (const entry of this.#entries.toReversed()) {
      const newer = later.get(entry.session);
      if (entry.envelopes.length === 0 && newer) newer.push(...entry.done);
      else {
        later.set(entry.session, entry.done);
        kept.push(entry);
      }
    }
    this.#entries = kept.reverse();
    this.#empty = kept.filter(({ envelopes }) => envelopes.length === 0).length;
  }
}

const sizeOf = (envelopes: readonly Envelope[]) => envelopes.reduce((total, { bytes }) => total + bytes.length, 0);
