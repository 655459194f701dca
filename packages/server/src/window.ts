/** The segments of a channel that can still be read, and which of them leaves when. PROTOCOL.md section 4.4. */
import type { Core } from './core.ts';
import type { EvictionReason } from './counters.ts';
import type { Segment } from './segment.ts';

/** Finished segments kept, a channel, of any size: a record costs memory too. PROTOCOL.md section 4.7. */
const MAX_SEGMENTS = 65_536;

/** Shared by all windows that have had no segment: there may be very many, and two empty collections each would be a third of a KiB. */
const NO_SEGMENTS: ReadonlyMap<number, Segment> = new Map();
const NONE_UNFINISHED: ReadonlySet<Segment> = new Set();

export class Window {
  /** Every seq below this has left the window, or was never in it. */
  evictedBelow = 0;
  /** Finished bytes. */
  bytes = 0;
  #head = 0;
  #core: Core;
  #segments: Map<number, Segment> | undefined;
  #unfinished: Set<Segment> | undefined;
  /** Older than the keep time, here only because they are among the newest. */
  #aged: Segment[] = [];
  #oldest: number | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Everything that can be found by its seq, fresh ones included. */
  get segments(): ReadonlyMap<number, Segment> {
    return this.#segments ?? NO_SEGMENTS;
  }

  /** Those of them that are fresh or open. */
  get unfinished(): ReadonlySet<Segment> {
    return this.#unfinished ?? NONE_UNFINISHED;
  }

  /** The next seq to be written. */
  get head(): number {
    return this.#head;
  }

  /** The smallest seq that has bytes or an end; undefined if there is none. */
  get oldest(): number | undefined {
    this.#oldest ??= this.#findOldest();
    return this.#oldest;
  }

  add(segment: Segment): void {
    this.#segments ??= new Map();
    this.#segments.set(segment.seq, segment);
    this.#unfinished ??= new Set();
    this.#unfinished.add(segment);
  }

  /** Takes out a segment that has no byte. */
  remove(segment: Segment): void {
    if (this.#unfinished?.delete(segment)) this.#segments?.delete(segment.seq);
  }

  /** A segment has got its first byte. */
  began(segment: Segment): void {
    if (this.#oldest !== undefined && segment.seq < this.#oldest) this.#oldest = segment.seq;
  }

  /** Whether a seq below the head that nobody has written is inside. */
  hasHole(seq: number): boolean {
    if (seq < this.evictedBelow) return false;
    return seq >= Math.min(this.oldest ?? this.#head, this.#head - this.#core.limits.window);
  }

  /** A segment has finished: it stays until it is too old, or there are too many bytes. */
  keep(segment: Segment): void {
    segment.window = this;
    this.began(segment);
    this.#unfinished?.delete(segment);
    this.bytes += segment.bytes;
    this.#core.ledger.keep(segment);
    if (segment.evicted) return;
    if (this.#core.limits.keepMs === 0) this.age(segment);
    else this.#core.aging.add(segment);
    this.#trim();
  }

  /** The keep time of a segment is over. */
  age(segment: Segment): void {
    if (this.#isNewest(segment)) this.#aged.push(segment);
    else this.evict(segment, 'age');
  }

  /** Forwards, or back to 0 where a new life begins. */
  headMoved(head: number): void {
    this.#head = head;
    if (this.#aged.length === 0) return;
    const passed = this.#aged.filter((segment) => !this.#isNewest(segment));
    for (const segment of passed) this.evict(segment, 'age');
  }

  evict(segment: Segment, reason: EvictionReason): void {
    this.#core.counters.evictions.add(reason);
    this.evictedBelow = Math.max(this.evictedBelow, segment.seq + 1);
    this.#drop(segment);
  }

  /** Forgets all segments; readers that are attached to finished segments go on. */
  clear(): void {
    for (const segment of this.segments.values()) if (segment.finished) this.#drop(segment);
    this.#segments = undefined;
    this.#unfinished = undefined;
    this.evictedBelow = 0;
    this.#oldest = undefined;
  }

  #isNewest(segment: Segment): boolean {
    return segment.seq >= this.#head - this.#core.limits.window;
  }

  #trim(): void {
    for (const segment of this.segments.values()) {
      if (!segment.finished) continue;
      if (this.bytes > this.#core.limits.keepBytes) this.evict(segment, 'channel_bytes');
      else if (this.segments.size - this.unfinished.size > MAX_SEGMENTS) this.evict(segment, 'channel_segments');
      else break;
    }
  }

  #drop(segment: Segment): void {
    this.#segments?.delete(segment.seq);
    this.#core.aging.delete(segment);
    if (this.#aged.length > 0) this.#aged = this.#aged.filter((each) => each !== segment);
    this.bytes -= segment.bytes;
    if (this.#oldest === segment.seq) this.#oldest = this.#follower(segment.seq);
    this.#core.ledger.evict(segment);
  }

  /** Segments mostly leave in order, so the next one is mostly the oldest then. */
  #follower(seq: number): number | undefined {
    const next = this.segments.get(seq + 1);
    return next && next.state !== 'fresh' ? next.seq : undefined;
  }

  #findOldest(): number | undefined {
    let oldest: number | undefined;
    for (const { seq, state } of this.segments.values()) {
      if (state !== 'fresh' && (oldest === undefined || seq < oldest)) oldest = seq;
    }
    return oldest;
  }
}
