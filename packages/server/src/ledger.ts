/** What the whole server holds in memory, and what it does when that is too much. PROTOCOL.md sections 4.4 and 4.7. */
import type { Clock } from '@runnel/protocol';
import { Blocks } from './blocks.ts';
import type { Counters, EvictionReason } from './counters.ts';
import { DueQueue } from './due-queue.ts';
import type { Limits } from './options.ts';
import type { Segment } from './segment.ts';
import type { Writer } from './writer.ts';

/** Finished segments kept, of any size: a record costs memory too. PROTOCOL.md section 4.7. */
const MAX_SEGMENTS = 1_048_576;

export class Ledger {
  /** Bytes of finished segments in windows. */
  keptBytes = 0;
  /** Bytes of segments being written. */
  openBytes = 0;
  /** Bytes of segments that have left the window and are still being read. */
  pinnedBytes = 0;
  readonly blocks = new Blocks(() => this.held);
  /** Whether all bodies but one wait for want of memory. */
  full = false;
  #limits: Limits;
  #counters: Counters;
  /** In the order in which they finished. */
  #finished = new Set<Segment>();
  #writers = new Set<Writer>();
  #laggards: DueQueue<Segment>;

  constructor(clock: Clock, limits: Limits, counters: Counters) {
    this.#limits = limits;
    this.#counters = counters;
    this.#laggards = new DueQueue(clock, limits.laggardMs, (segment) => this.#cutReaders(segment));
  }

  get writers(): number {
    return this.#writers.size;
  }

  get keptSegments(): number {
    return this.#finished.size;
  }

  enlist(writer: Writer): void {
    this.#writers.add(writer);
    if (this.full) writer.pause();
  }

  dismiss(writer: Writer): void {
    this.#writers.delete(writer);
    if (this.full) this.#longest()?.resume();
  }

  /** Bytes came. */
  grow(bytes: number): void {
    this.openBytes += bytes;
    if (this.held > this.#limits.budgetBytes) this.#relieve();
  }

  /** A segment is finished and stays in its window. */
  keep(segment: Segment): void {
    this.openBytes -= segment.bytes;
    this.keptBytes += segment.bytes;
    this.#finished.add(segment);
    if (this.held > this.#limits.budgetBytes || this.#finished.size > MAX_SEGMENTS) this.#relieve();
  }

  /** A finished segment has left its window. Its bytes go with its last reader. */
  evict(segment: Segment): void {
    this.#finished.delete(segment);
    this.keptBytes -= segment.bytes;
    segment.evicted = true;
    if (segment.readers.length > 0) {
      this.pinnedBytes += segment.bytes;
      this.#laggards.add(segment);
    } else {
      segment.release(this.blocks);
      this.#freed();
    }
  }

  /** A reader has left an evicted segment. */
  readerLeft(segment: Segment): void {
    if (segment.readers.length > 0 || !this.#laggards.delete(segment)) return;
    this.pinnedBytes -= segment.bytes;
    segment.release(this.blocks);
    this.#freed();
  }

  /** All bytes in memory. */
  get held(): number {
    return this.keptBytes + this.openBytes + this.pinnedBytes;
  }

  /** The oldest finished segments of all channels leave; then readers of those that have left are cut, so that no publisher waits for them; then all bodies but one wait. */
  #relieve(): void {
    for (const segment of this.#finished) {
      const reason = this.#excess();
      if (!reason) break;
      segment.window?.evict(segment, reason);
    }
    while (this.held > this.#limits.budgetBytes) {
      const laggard = this.#laggards.first();
      if (!laggard) break;
      this.#laggards.delete(laggard);
      this.#cutReaders(laggard);
    }
    if (this.full || this.held <= this.#limits.budgetBytes) return;
    this.full = true;
    this.#counters.pauses++;
    const longest = this.#longest();
    for (const writer of this.#writers) if (writer !== longest) writer.pause();
  }

  /** The writer that reads on while the others wait: an end must come in for bytes to become free. */
  #longest(): Writer | undefined {
    let longest: Writer | undefined;
    for (const writer of this.#writers) {
      if (!longest || writer.segment.bytes > longest.segment.bytes) longest = writer;
    }
    return longest;
  }

  #excess(): EvictionReason | undefined {
    if (this.held > this.#limits.budgetBytes) return 'server_bytes';
    return this.#finished.size > MAX_SEGMENTS ? 'server_segments' : undefined;
  }

  #freed(): void {
    if (!this.full || this.held > this.#limits.budgetBytes) return;
    this.full = false;
    for (const writer of this.#writers) writer.resume();
  }

  #cutReaders(segment: Segment): void {
    this.#counters.cutReaders += segment.readers.length;
    // Cutting takes the reader out of the list.
    for (const reader of [...segment.readers]) reader.cut();
    this.pinnedBytes -= segment.bytes;
    this.#freed();
  }

  /** Lets go of the timer. */
  dispose(): void {
    this.#laggards.clear();
  }
}
