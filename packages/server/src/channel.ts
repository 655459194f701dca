/** A named sequence of segments: where the head is, what a seq means, who may write it. PROTOCOL.md sections 3 and 4. */
import { isJsonl, SEQ_MAX, SEQ_NEXT } from '@runnel/protocol';
import type { Block } from './blocks.ts';
import type { Core } from './core.ts';
import { newEpoch } from './epoch.ts';
import { Holes, type Jump } from './holes.ts';
import { LineCap } from './line-cap.ts';
import { Orphans } from './orphans.ts';
import { type Ending, type EndState, Segment, type SegmentState } from './segment.ts';
import { Window } from './window.ts';
import type { Writer } from './writer.ts';

/** What a seq is at this moment. `waits`: no one has written it, and a GET may wait for it. */
export type Place =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'waits' | 'skipped' | 'ended' | 'outside' };

export class Channel {
  readonly core: Core;
  readonly name: string;
  readonly mime: string;
  epoch = newEpoch();
  /** Nothing is written any more; a channel that lingers can still be read. */
  closed = false;
  /** Bytes that have arrived, in all its lives. */
  bytesIn = 0;
  readers = 0;
  writers = 0;
  /** When it was created, had its last byte or its last empty segment. */
  touchedAt: number;
  readonly window: Window;
  /** Made when there is one, as the holes are: most channels never have any, and there may be very many. */
  #orphans: Orphans | undefined;
  #holes: Holes | undefined;

  constructor(core: Core, name: string, mime: string) {
    this.core = core;
    this.name = name;
    this.mime = mime;
    this.touchedAt = core.clock.now();
    this.window = new Window(core);
  }

  /** The next seq to be written. */
  get head(): number {
    return this.window.head;
  }

  /** Counts what has come that is, or may carry, bytes of this channel. */
  arrivals(): number {
    return this.core.counters.connections + this.bytesIn;
  }

  /** The seq that a negative one in a GET stands for. PROTOCOL.md section 2. */
  resolve(seq: number): number {
    if (seq >= 0) return seq;
    const { oldest } = this.window;
    if (seq === SEQ_NEXT || oldest === undefined) return this.head;
    return Math.max(this.head + seq + 1, oldest);
  }

  find(seq: number): Place {
    const segment = this.window.segments.get(seq);
    if (segment) return { kind: 'segment', segment };
    if (this.closed && seq >= this.head) return { kind: 'ended' };
    if (seq === this.head || (seq === 1 && this.head === 0)) return { kind: 'waits' };
    if (seq > this.head || !this.window.hasHole(seq)) return { kind: 'outside' };
    return { kind: this.#holes?.has(seq) ? 'waits' : 'skipped' };
  }

  /** The segment of `seq`, made if nobody has asked for it yet. */
  prepare(seq: number): Segment {
    let segment = this.window.segments.get(seq);
    if (!segment) {
      segment = new Segment(seq, isJsonl(this.mime) ? new LineCap(this.core.limits.eventBytes) : undefined);
      this.window.add(segment);
    }
    return segment;
  }

  /** The segment a POST of `seq` writes; undefined if it is finished or gone. PROTOCOL.md sections 3.2 and 4.6. */
  claim(seq: number): Segment | undefined {
    if (this.#isWritable(seq)) return this.prepare(seq);
    if (!this.#beginsAnew(seq)) return undefined;
    this.#restart();
    return this.prepare(seq);
  }

  /** Closes every unfinished segment before `seq`. PROTOCOL.md section 4.3. */
  reset(seq: number): void {
    for (const segment of [...this.#inState('open'), ...this.#inState('fresh')]) {
      if (segment.seq < seq) this.close(segment);
    }
  }

  /** Ends an unfinished segment because a client says so. One whose writer died does not become a clean end by that. PROTOCOL.md sections 3.6 and 4.3. */
  close(segment: Segment): void {
    const died = segment.state === 'open' && segment.writers.length === 0 && !segment.endedWell;
    this.finish(segment, died ? 'aborted' : 'closed');
  }

  join(writer: Writer): void {
    const { segment } = writer;
    if (segment.writers.length > 0) this.core.counters.joinedWriters++;
    segment.writers.push(writer);
    this.writers++;
    if (!segment.endedWell) this.#orphans?.delete(segment);
  }

  /** Bytes for an unfinished segment. Over a limit they are cut there, and the segment is aborted. */
  append(segment: Segment, chunk: Buffer, block?: Block): void {
    this.touchedAt = this.core.clock.now();
    if (segment.state === 'fresh') this.#begin(segment);
    this.#orphans?.heard(segment);
    const room = this.core.limits.segmentBytes - segment.bytes;
    const line = segment.lines?.exceededAt(chunk) ?? -1;
    const fits = Math.min(chunk.length, room, line < 0 ? room : line);
    this.#store(segment, fits < chunk.length ? chunk.subarray(0, fits) : chunk, block);
    if (fits === chunk.length) return;
    const ending = fits === line ? 'event_too_large' : 'segment_too_large';
    this.core.counters.discardedBytes += chunk.length - fits;
    this.core.counters.refusals.add(ending);
    this.finish(segment, 'aborted', ending);
  }

  /** A writer is done with its segment. `well`: its body ended. PROTOCOL.md section 4.2. */
  left(writer: Writer, well: boolean): void {
    const { segment } = writer;
    segment.writers.splice(segment.writers.indexOf(writer), 1);
    this.writers--;
    if (segment.finished) return;
    if (well) segment.endedWell = true;
    if (segment.writers.length === 0) this.#abandoned(segment);
    else if (segment.endedWell) this.#orphan(segment);
  }

  readerLeft(segment: Segment): void {
    this.readers--;
    if (segment.evicted) this.core.ledger.readerLeft(segment);
    else this.dropUnused(segment);
  }

  /** Forgets a segment that has no byte and that nobody is attached to. */
  dropUnused(segment: Segment): void {
    if (segment.state !== 'fresh' || segment.readers.length > 0 || segment.writers.length > 0) return;
    this.window.remove(segment);
  }

  /** Ends a segment for good; the head passes it. */
  finish(segment: Segment, state: EndState, ending: Ending = 'segment'): void {
    this.core.counters.segments.add(state);
    // A completed empty segment is a sign of life; one that was ended empty is none.
    if (segment.state === 'fresh' && segment.endedWell) this.touchedAt = this.core.clock.now();
    this.#orphans?.delete(segment);
    this.#pass(segment.seq);
    release(segment, state, ending);
    this.window.keep(segment);
  }

  /** Ends everything that is not finished; finished segments can still be read. PROTOCOL.md sections 3.7 and 4.8. */
  end(state: 'closed' | 'aborted', ending: Ending): void {
    for (const segment of this.#inState('open')) this.finish(segment, state, ending);
    this.#dismiss(ending);
  }

  #isWritable(seq: number): boolean {
    const segment = this.window.segments.get(seq);
    if (segment) return !segment.finished;
    if (seq >= this.head) return seq <= SEQ_MAX;
    return this.window.hasHole(seq) && this.#holes?.has(seq) === true;
  }

  /** Whether a POST that may not be written is that of a publisher which counts from 0 again, on a channel that nobody else writes. PROTOCOL.md section 4.6. */
  #beginsAnew(seq: number): boolean {
    const { resumeMs, window } = this.core.limits;
    if (this.writers > 0 || this.core.clock.now() - this.touchedAt < resumeMs) return false;
    return seq === 0 || seq < this.head - window;
  }

  #begin(segment: Segment): void {
    segment.state = 'open';
    this.window.began(segment);
    this.#pass(segment.seq);
  }

  #store(segment: Segment, bytes: Buffer, block: Block | undefined): void {
    if (bytes.length === 0) return;
    this.bytesIn += bytes.length;
    this.core.counters.bytesIn += bytes.length;
    segment.push(bytes, block);
    this.core.ledger.grow(bytes.length);
  }

  /** The head goes past `seq`, never back. */
  #pass(seq: number): void {
    if (seq < this.head) return;
    if (seq > this.head) this.#jump(seq);
    this.window.headMoved(seq + 1);
  }

  #jump(seq: number): void {
    this.#holes ??= new Holes(this.core, (jump) => this.#release(jump));
    this.#holes.jumped(this.head, seq);
  }

  /** The holes of a jump have been waited for long enough. Only those that someone asked for exist. */
  #release({ from, to }: Jump): void {
    for (const segment of this.#inState('fresh')) {
      if (segment.seq < from || segment.seq >= to) continue;
      this.core.counters.segments.add('skipped');
      this.#orphans?.delete(segment);
      this.window.remove(segment);
      release(segment, 'skipped', 'segment');
    }
  }

  /** No writer is left. */
  #abandoned(segment: Segment): void {
    if (segment.endedWell) this.finish(segment, 'closed');
    else if (segment.state === 'open') this.#orphan(segment);
    else this.dropUnused(segment);
  }

  #orphan(segment: Segment): void {
    this.#orphans ??= new Orphans(this.core, (orphan) => this.#settle(orphan));
    this.#orphans.add(segment);
  }

  /** An orphan has waited long enough. */
  #settle(segment: Segment): void {
    this.finish(segment, segment.endedWell ? 'closed' : 'aborted');
  }

  /** Begins a new life: what there was is forgotten, what waits is told. PROTOCOL.md section 4.6. */
  #restart(): void {
    this.core.counters.restarts++;
    for (const segment of this.#inState('open')) this.#settle(segment);
    this.epoch = newEpoch();
    this.window.headMoved(0);
    this.#dismiss('restart');
    this.window.clear();
    this.touchedAt = this.core.clock.now();
  }

  /** Ends what has no byte, without keeping it. */
  #dismiss(ending: Ending): void {
    this.#holes?.clear();
    for (const segment of this.#inState('fresh')) {
      this.#orphans?.delete(segment);
      this.window.remove(segment);
      release(segment, 'closed', ending);
    }
  }

  #inState(state: SegmentState): Segment[] {
    return [...this.window.unfinished].filter((segment) => segment.state === state);
  }
}

/** Ends a segment for all who are attached: readers first, so that they do not wait for the writers' answers. */
function release(segment: Segment, state: EndState, ending: Ending): void {
  segment.finish(state, ending);
  for (const writer of [...segment.writers]) writer.cutOff(ending);
}
