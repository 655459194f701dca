/** A named sequence of segments: where the head is, what a seq means, who may write it. PROTOCOL.md sections 3 and 4. */
import { isJsonl, SEQ_MAX } from '@runnel/protocol';
import type { Core, Jump } from './core.ts';
import { newEpoch } from './epoch.ts';
import { LineCap } from './line-cap.ts';
import { Orphans } from './orphans.ts';
import { type Ending, Segment, type SegmentState } from './segment.ts';
import { Window } from './window.ts';
import type { Writer } from './writer.ts';

/** What a seq is at this moment. `waits`: no one has written it, and a GET may wait for it. */
export type Place =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'waits' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'outside' };

/** Jumps waited for at once; beyond that the oldest is released early. */
const MAX_JUMPS = 1_024;

export class Channel {
  readonly core: Core;
  readonly name: string;
  readonly mime: string;
  epoch = newEpoch();
  /** The next seq to be written. */
  head = 0;
  /** Nothing is written any more; a channel that lingers can still be read. */
  closed = false;
  /** Bytes that have arrived in this life and the ones before. */
  bytesIn = 0;
  readers = 0;
  writers = 0;
  /** When it was created, had its last byte or its last empty segment. */
  touchedAt: number;
  readonly window: Window;
  #orphans: Orphans;
  #jumps: Jump[] = [];

  constructor(core: Core, name: string, mime: string) {
    this.core = core;
    this.name = name;
    this.mime = mime;
    this.touchedAt = core.clock.now();
    this.window = new Window(core);
    this.#orphans = new Orphans(core, (segment) => this.#settle(segment));
  }

  /** The seq that a negative one in a GET stands for. PROTOCOL.md section 2. */
  resolve(seq: number): number {
    if (seq >= 0) return seq;
    const oldest = this.window.oldest;
    if (seq === -1 || oldest === undefined) return this.head;
    return Math.max(this.head + seq + 1, oldest);
  }

  find(seq: number): Place {
    const segment = this.window.segments.get(seq);
    if (segment) return { kind: 'segment', segment };
    if (this.closed && seq >= this.head) return { kind: 'ended' };
    if (seq === this.head || (seq === 1 && this.head === 0)) return { kind: 'waits' };
    if (seq > this.head || !this.window.hasHole(seq)) return { kind: 'outside' };
    return { kind: this.#isUnreleased(seq) ? 'waits' : 'skipped' };
  }

  /** The segment a GET waits for, or a POST will write. */
  prepare(seq: number): Segment {
    let segment = this.window.segments.get(seq);
    if (!segment) {
      segment = new Segment(seq, isJsonl(this.mime) ? new LineCap(this.core.limits.eventBytes) : undefined);
      this.window.segments.set(seq, segment);
    }
    return segment;
  }

  /** The segment a POST of `seq` writes; undefined if it is finished or gone. PROTOCOL.md sections 3.2 and 4.6. */
  claim(seq: number): Segment | undefined {
    if (this.#isWritable(seq)) return this.prepare(seq);
    if (seq !== 0 || this.writers > 0 || this.#quietMs() < this.core.limits.resumeMs) return undefined;
    this.#restart();
    return this.prepare(seq);
  }

  /** Closes every unfinished segment before `seq`. PROTOCOL.md section 4.3. */
  reset(seq: number): void {
    for (const segment of [...this.window.segments.values()]) {
      if (segment.seq < seq && !segment.finished) this.finish(segment, 'closed');
    }
  }

  join(writer: Writer): void {
    const { segment } = writer;
    if (segment.writers.length > 0) this.core.counters.joinedWriters++;
    segment.writers.push(writer);
    this.writers++;
    if (!segment.endedWell) this.#orphans.delete(segment);
  }

  /** Bytes for an unfinished segment. Over a limit they are cut there, and the segment is aborted. */
  append(segment: Segment, chunk: Buffer): void {
    const { counters, ledger, limits } = this.core;
    this.touchedAt = this.core.clock.now();
    if (segment.state === 'fresh') this.#begin(segment);
    if (this.#orphans.size > 0) this.#orphans.heard(segment);
    const room = limits.segmentBytes - segment.bytes;
    const line = segment.lines?.exceededAt(chunk) ?? -1;
    const fits = Math.min(chunk.length, room, line < 0 ? room : line);
    counters.bytesIn += fits;
    this.bytesIn += fits;
    counters.discardedBytes += chunk.length - fits;
    if (fits > 0) segment.push(fits < chunk.length ? chunk.subarray(0, fits) : chunk);
    ledger.grow(fits);
    if (fits === chunk.length) return;
    const ending = fits === line ? 'event_too_large' : 'too_large';
    counters.refusals.add(fits === line ? 'event_too_large' : 'segment_too_large');
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
    else if (segment.endedWell) this.#orphans.add(segment);
  }

  readerLeft(segment: Segment): void {
    this.readers--;
    if (segment.evicted) this.core.ledger.readerLeft(segment);
    else this.dropUnused(segment);
  }

  /** Ends a segment for good; the head passes it. */
  finish(segment: Segment, state: 'closed' | 'aborted' | 'skipped', ending: Ending = 'segment'): void {
    this.core.counters.segments.add(state);
    this.#orphans.delete(segment);
    this.window.began(segment);
    this.#pass(segment.seq);
    release(segment, state, ending);
    this.window.keep(segment);
  }

  /** The holes of a jump have been waited for long enough. */
  release(jump: Jump): void {
    this.#jumps.splice(this.#jumps.indexOf(jump), 1);
    for (const segment of this.#within(jump)) if (segment.state === 'fresh') this.finish(segment, 'skipped');
  }

  /** Ends everything that is not finished; finished segments can still be read. PROTOCOL.md sections 3.7 and 4.8. */
  end(state: 'closed' | 'aborted', ending: Ending): void {
    for (const segment of this.#inState('open')) this.finish(segment, state, ending);
    this.#dismiss(ending);
  }

  /** Lets go of every segment. */
  forget(): void {
    this.window.clear();
  }

  #isWritable(seq: number): boolean {
    const segment = this.window.segments.get(seq);
    if (segment) return !segment.finished;
    if (seq >= this.head) return seq <= SEQ_MAX;
    return this.window.hasHole(seq) && this.#isUnreleased(seq);
  }

  #isUnreleased(seq: number): boolean {
    return this.#jumps.some((jump) => jump.from <= seq && seq < jump.to);
  }

  #quietMs(): number {
    return this.core.clock.now() - this.touchedAt;
  }

  #begin(segment: Segment): void {
    segment.state = 'open';
    this.window.began(segment);
    this.#pass(segment.seq);
  }

  /** The head goes past `seq`, never back. */
  #pass(seq: number): void {
    if (seq < this.head) return;
    if (seq > this.head) this.#jump({ channel: this, from: this.head, to: seq });
    this.head = seq + 1;
    this.window.headMoved(this.head);
  }

  #jump(jump: Jump): void {
    this.#jumps.push(jump);
    this.core.jumps.add(jump);
    const [oldest] = this.#jumps;
    if (oldest && this.#jumps.length > MAX_JUMPS && this.core.jumps.delete(oldest)) this.release(oldest);
  }

  #within({ from, to }: Jump): Segment[] {
    const { segments } = this.window;
    if (to - from > segments.size) return [...segments.values()].filter(({ seq }) => from <= seq && seq < to);
    return Array.from({ length: to - from }, (_, at) => segments.get(from + at)).filter((each) => each !== undefined);
  }

  /** No writer is left. */
  #abandoned(segment: Segment): void {
    if (segment.endedWell) {
      if (segment.state === 'fresh') this.touchedAt = this.core.clock.now();
      this.finish(segment, 'closed');
    } else if (segment.state === 'open') this.#orphans.add(segment);
    else this.dropUnused(segment);
  }

  /** An orphan has waited long enough. */
  #settle(segment: Segment): void {
    this.finish(segment, segment.endedWell ? 'closed' : 'aborted');
  }

  dropUnused(segment: Segment): void {
    if (segment.state !== 'fresh' || segment.readers.length > 0 || segment.writers.length > 0) return;
    if (this.window.segments.get(segment.seq) === segment) this.window.segments.delete(segment.seq);
  }

  #restart(): void {
    this.core.counters.restarts++;
    for (const segment of this.#inState('open')) this.#settle(segment);
    this.epoch = newEpoch();
    this.head = 0;
    this.#dismiss('restart');
    this.window.clear();
    this.touchedAt = this.core.clock.now();
  }

  /** Ends what has no byte, without keeping it. */
  #dismiss(ending: Ending): void {
    for (const jump of this.#jumps) this.core.jumps.delete(jump);
    this.#jumps = [];
    for (const segment of this.#inState('fresh')) {
      this.window.segments.delete(segment.seq);
      release(segment, 'closed', ending);
    }
  }

  #inState(state: SegmentState): Segment[] {
    return [...this.window.segments.values()].filter((segment) => segment.state === state);
  }
}

/** Ends a segment for all who are attached: readers first, so that they do not wait for the writers' answers. */
function release(segment: Segment, state: 'closed' | 'aborted' | 'skipped', ending: Ending): void {
  segment.finish(state, ending);
  for (const writer of [...segment.writers]) writer.cutOff(ending);
}
