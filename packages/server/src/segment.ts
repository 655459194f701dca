/**
 * One run of bytes, kept once and shared by every reader. PROTOCOL.md section 4.2.
 *
 * Chunks are gathered until the event loop comes round, then stored as one frame and handed to the readers. Llhttp hands out a
 * buffer for every HTTP chunk; a write for each of them is what makes a plain Node relay slow.
 */
import type { Block, Blocks } from './blocks.ts';
import { bytesOf, type Frame, framed, joined } from './frame.ts';
import type { LineCap } from './line-cap.ts';
import type { Reader } from './reader.ts';
import type { Window } from './window.ts';
import type { Writer } from './writer.ts';

/** `skipped`: jumped over and released without a byte. */
export type SegmentState = 'fresh' | 'open' | EndState;
export type EndState = 'closed' | 'aborted' | 'skipped';

/** What ended a segment, for the requests that are attached to it. */
export type Ending = 'segment' | 'channel' | 'restart' | 'stop' | 'segment_too_large' | 'event_too_large';

const FLUSH_BYTES = 256 * 1024;
const SMALL_BYTES = 8 * 1024;
/** A Buffer of one byte takes hundreds: so many small ones are joined, or a writer that sends byte by byte would use up the memory unseen. */
const JOIN_FRAMES = 1_024;

export class Segment {
  readonly seq: number;
  readonly lines: LineCap | undefined;
  state: SegmentState = 'fresh';
  ending: Ending | undefined;
  bytes = 0;
  frames: Frame[] = [];
  readonly readers: Reader[] = [];
  readonly writers: Writer[] = [];
  /** The window it stays in once it is finished. */
  window: Window | undefined;
  /** Whether the body of one of its writers ended well. */
  endedWell = false;
  /** Whether it has left the window; readers that are attached go on. */
  evicted = false;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #armed = false;
  /** Frames before this one are not joined any more. */
  #joined = 0;

  constructor(seq: number, lines: LineCap | undefined) {
    this.seq = seq;
    this.lines = lines;
  }

  get finished(): boolean {
    return this.state !== 'fresh' && this.state !== 'open';
  }

  /** Stores bytes; readers see them before the event loop waits again. With `block`, in which they are, it becomes the segment's. */
  push(chunk: Buffer, block?: Block): void {
    this.bytes += chunk.length;
    if (block) {
      this.#keep(chunk, block);
      return;
    }
    this.#pendingBytes += chunk.length;
    this.#pending.push(chunk);
    if (this.#pendingBytes >= FLUSH_BYTES) this.flush();
    else if (!this.#armed) {
      this.#armed = true;
      setImmediate(flushLater, this);
    }
  }

  flush(): void {
    if (this.#pendingBytes === 0) return;
    this.#store();
    this.#pump();
  }

  /** Ends it for good: readers get what is left and their end. The writers are the caller's to answer. */
  finish(state: EndState, ending: Ending): void {
    this.state = state;
    this.ending = ending;
    if (this.#pendingBytes > 0) this.#store();
    this.#pump();
    this.#compact();
  }

  /** Gives its memory back. It must have left the window, and its readers must have gone, each with what it was handed. */
  release(blocks: Blocks): void {
    for (const { block } of this.frames) if (block) blocks.give(block);
    this.frames = [];
  }

  attach(reader: Reader): void {
    reader.slot = this.readers.length;
    this.readers.push(reader);
  }

  /** Takes a reader out in constant time: the last one takes its place. */
  detach(reader: Reader): void {
    const last = this.readers.pop();
    if (last === undefined || last === reader) return;
    last.slot = reader.slot;
    this.readers[reader.slot] = last;
  }

  disarm(): void {
    this.#armed = false;
  }

  #keep(chunk: Buffer, block: Block): void {
    if (this.#pendingBytes > 0) this.#store();
    block.kept = true;
    this.frames.push(framed(chunk, block));
    this.#pump();
  }

  /** Small chunks become one frame; large ones are not worth the copy. */
  #store(): void {
    const chunks = this.#pending;
    const bytes = this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (bytes < chunks.length * SMALL_BYTES) this.frames.push(joined(chunks, bytes));
    else for (const chunk of chunks) this.frames.push({ bytes: chunk });
    if (this.frames.length - this.#joined >= JOIN_FRAMES) this.#join();
  }

  /** Makes one frame of those that have come since the last time, if they are small. */
  #join(): void {
    const from = this.#joined;
    const small = this.frames.slice(from);
    const bytes = bytesOf(small);
    if (bytes < small.length * SMALL_BYTES) {
      for (const reader of this.readers) reader.joined(from, small);
      this.frames.splice(from, small.length, joined(small.map(bytesIn), bytes));
    }
    this.#joined = this.frames.length;
  }

  /** Backwards, since a reader that detaches is replaced by one that has had its turn. */
  #pump(): void {
    for (let at = this.readers.length - 1; at >= 0; at--) this.readers[at]?.pump();
  }

  /** A finished segment of many small frames is joined, unless a reader still stands between two of them. */
  #compact(): void {
    if (this.frames.length < 2 || this.bytes >= this.frames.length * SMALL_BYTES) return;
    if (this.readers.every((reader) => reader.done)) this.frames = [joined(this.frames.map(bytesIn), this.bytes)];
  }
}

const bytesIn = ({ bytes }: Frame): Buffer => bytes;

function flushLater(segment: Segment): void {
  segment.disarm();
  segment.flush();
}
