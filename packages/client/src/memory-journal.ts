/** The journal in memory: bounded, the oldest leave when a sink is too far behind, and nothing outlives the process. */
import type { Envelope } from '@runnel/protocol';
import type { Cursor, CursorBooks, Journal } from './journal.ts';
import type { Position } from './position.ts';

export interface MemoryJournalOptions {
  /** Most envelopes that wait for one sink (50,000), not counting the batch it has in hand. */
  readonly maxEnvelopes?: number;
  /** Most bytes of them (32 MiB). */
  readonly maxBytes?: number;
}

/** A journal in memory. Sinks share the envelopes, so the bytes are held once whatever the number of sinks. */
export function memoryJournal(options: MemoryJournalOptions = {}): Journal {
  const cursors = new Map<string, MemoryCursor>();
  const positions = new Map<string, Position>();
  return {
    position: (session) => positions.get(session),
    append(session, envelopes, position) {
      positions.set(session, position);
      for (const cursor of cursors.values()) cursor.append(envelopes);
    },
    cursor(sink) {
      const cursor = cursors.get(sink) ?? new MemoryCursor(options);
      cursors.set(sink, cursor);
      return cursor;
    },
    async close() {
      for (const cursor of cursors.values()) cursor.close();
    },
  };
}

/** A queue that drops its oldest, and a batch that has left it and is not acknowledged yet. */
class MemoryCursor implements Cursor {
  readonly #maxEnvelopes: number;
  readonly #maxBytes: number;
  #queue = new Queue();
  #inHand: readonly Envelope[] = [];
  #in = 0;
  #out = 0;
  #dropped = { overflow: 0, refused: 0, shutdown: 0 };

  constructor({ maxEnvelopes = 50_000, maxBytes = 32 * 1024 * 1024 }: MemoryJournalOptions) {
    this.#maxEnvelopes = maxEnvelopes;
    this.#maxBytes = maxBytes;
  }

  append(envelopes: readonly Envelope[]): void {
    this.#in += envelopes.length;
    for (const envelope of envelopes) this.#queue.push(envelope);
    while (this.#queue.length > this.#maxEnvelopes || (this.#queue.bytes > this.#maxBytes && this.#queue.length > 1)) {
      this.#queue.shift();
      this.#dropped.overflow++;
    }
  }

  next(maxEnvelopes: number, maxBytes: number): readonly Envelope[] {
    if (this.#inHand.length === 0) this.#inHand = this.#queue.take(maxEnvelopes, maxBytes);
    return this.#inHand;
  }

  settle(refused: number): void {
    // After close there is nothing in hand any more: it was counted then.
    if (this.#inHand.length === 0) return;
    this.#out += this.#inHand.length - refused;
    this.#dropped.refused += refused;
    this.#inHand = [];
  }

  close(): void {
    this.#dropped.shutdown += this.#pending;
    this.#queue = new Queue();
    this.#inHand = [];
  }

  get books(): CursorBooks {
    return { in: this.#in, out: this.#out, pending: this.#pending, dropped: { ...this.#dropped } };
  }

  get #pending(): number {
    return this.#queue.length + this.#inHand.length;
  }
}

/** First in, first out, with the sum of its bytes; taking from the front costs the same however long it is. */
class Queue {
  #items: (Envelope | undefined)[] = [];
  #head = 0;
  bytes = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** At most so many envelopes and bytes; one that is larger comes alone. */
  take(maxEnvelopes: number, maxBytes: number): Envelope[] {
    const taken: Envelope[] = [];
    let bytes = 0;
    for (let next = this.#first; next && taken.length < maxEnvelopes; next = this.#first) {
      bytes += next.bytes.length;
      if (taken.length > 0 && bytes > maxBytes) break;
      taken.push(next);
      this.shift();
    }
    return taken;
  }

  push(envelope: Envelope): void {
    this.#items.push(envelope);
    this.bytes += envelope.bytes.length;
  }

  shift(): void {
    const first = this.#first;
    if (!first) return;
    this.#items[this.#head++] = undefined;
    this.bytes -= first.bytes.length;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
  get #first(): Envelope | undefined {
    return this.#items[this.#head];
  }
}
