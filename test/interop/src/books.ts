// One run's books: what was published, what arrived, and who knows of the rest.

import { createHash } from 'node:crypto';
import type { PublisherEvent, SeenLine, SeenSegment, SubscriberEvent } from './events.ts';
import type { PeerEvent } from './peer.ts';
import { content, type Plan } from './script.ts';

/** How a run went. Indexes count segments or lines. */
export interface Account {
  readonly published: number;
  readonly arrived: number;
  readonly bytes: number;
  /** Indexes that did not arrive whole. */
  readonly missing: readonly number[];
  /** Missing ones the publisher reported as not acknowledged. */
  readonly unacknowledged: number;
  /** Segments the subscriber counted as skipped, and the times it noticed that its position was void. */
  readonly skipped: number;
  readonly discontinuities: number;
  /** Segments that arrived in part, and those of them the subscriber knows to be so. */
  readonly partial: number;
  readonly partialKnown: number;
  /** Lines or segments that came once more after a subscriber had been started again. */
  readonly replayed: number;
  /** What must never happen. */
  readonly duplicates: number;
  readonly disorder: number;
  readonly corrupt: number;
}

/** Gathers the events of a run's peers. */
export class Books {
  readonly #plan: Plan;
  readonly #arrived = new Set<number>();
  readonly #failed = new Set<number>();
  readonly #partial = new Set<number>();
  readonly #waiting = new Set<() => void>();
  /** Our JSONL writer knows how many, not which. */
  #linesUnacknowledged = 0;
  #partialKnown = 0;
  #last = -1;
  /** The newest segment whose index is known. */
  #anchor = { seq: -1, index: -1 };
  #bytes = 0;
  #replaying = false;
  #replayed = 0;
  #duplicates = 0;
  #disorder = 0;
  #corrupt = 0;
  #skipped = 0;
  #discontinuities = 0;
  /** The position a subscriber can be started again from. */
  position: { seq: number; epoch: string | undefined } | undefined;
  /** How the newest subscriber ended. */
  ended: string | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** A publisher's event. */
  published = (event: PeerEvent): void => {
    const { failed, done } = event as unknown as PublisherEvent;
    this.#linesUnacknowledged += done?.linesUnacknowledged ?? 0;
    for (let index = failed?.from ?? 0; failed && index <= failed.to; index++) this.#failed.add(index);
    this.#wake();
  };

  /** A subscriber's event. */
  received = (event: PeerEvent): void => {
    const { segment, line, gap, done } = event as unknown as SubscriberEvent;
    if (segment && this.#plan.kind === 'bytes') this.#segment(segment);
    if (line) this.#line(line);
    if (gap?.counted) this.#skipped += Math.max(0, gap.latest - gap.wanted);
    if (done) {
      this.ended = done.end;
      this.#skipped += done.skipped ?? 0;
      this.#discontinuities += done.discontinuities ?? 0;
    }
    this.#wake();
  };

  /** From now on, until something newer than all before arrives, what comes again is a replay and no duplicate. */
  restarted(): void {
    this.#replaying = true;
    this.ended = undefined;
  }

  /** Resolves true when `done` holds, false when nothing at all has happened for `quietMs`. */
  async until(done: () => boolean, quietMs: number): Promise<boolean> {
    while (!done()) {
      const woken = await new Promise<boolean>((resolve) => {
        const wake = () => finish(true);
        const timer = setTimeout(() => finish(false), quietMs);
        const finish = (value: boolean) => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve(value);
        };
        this.#waiting.add(wake);
      });
      if (!woken) return done();
    }
    return true;
  }

  /** True when the last index below `count` has arrived that did not fail, or nobody reads any more: what comes before it has arrived or never will. */
  through(count: number): boolean {
    if (this.ended !== undefined) return true;
    let last = count - 1;
    while (last >= 0 && this.#failed.has(last)) last--;
    return last < 0 || this.#arrived.has(last);
  }

  account(): Account {
    const all = this.#plan.sizes.map((_, index) => index);
    const missing = all.filter((index) => !this.#arrived.has(index));
    const failed = missing.filter((index) => this.#failed.has(index)).length;
    return {
      published: all.length,
      arrived: this.#arrived.size,
      bytes: this.#bytes,
      missing,
      unacknowledged: Math.min(missing.length, failed + this.#linesUnacknowledged),
      skipped: this.#skipped,
      discontinuities: this.#discontinuities,
      partial: this.#partial.size,
      partialKnown: this.#partialKnown,
      replayed: this.#replayed,
      duplicates: this.#duplicates,
      disorder: this.#disorder,
      corrupt: this.#corrupt,
    };
  }

  /** Without epochs a head that goes back looks like another life. A subscriber that says so and begins again reads twice, but nobody is misled. */
  #again({ epoch, discontinuity = false }: SeenSegment | SeenLine): void {
    if (discontinuity && epoch === undefined) this.#replaying = true;
  }

  #segment(segment: SeenSegment): void {
    this.#again(segment);
    this.position = { seq: segment.seq + 1, epoch: segment.epoch };
    if (segment.size === 0) {
      this.#empty(segment.seq);
      return;
    }
    const index = segment.index ?? -1;
    const planned = this.#plan.sizes[index];
    if (planned === undefined || segment.size > planned || !matches(segment, index)) {
      this.#corrupt++;
      return;
    }
    this.#anchor = { seq: segment.seq, index };
    if (segment.size < planned) {
      // A publisher that began again writes the segment once more, so this one may still arrive whole.
      this.#partial.add(index);
      if (segment.cut || segment.aborted) this.#partialKnown++;
      return;
    }
    this.#take(index, segment.size);
  }

  /** An empty segment carries no index: its seq says how far it is from the one before. Where none is planned it is filling. */
  #empty(seq: number): void {
    const index = this.#anchor.index + seq - this.#anchor.seq;
    if (this.#plan.sizes[index] === 0) this.#take(index, 0);
  }

  #line(line: SeenLine): void {
    this.#again(line);
    this.position = { seq: line.seq, epoch: line.epoch };
    const value = JSON.parse(line.text) as { n: number; pad: string };
    const planned = this.#plan.sizes[value.n];
    if (planned === undefined || value.pad !== 'x'.repeat(padding(value.n, planned))) {
      this.#corrupt++;
      return;
    }
    this.#take(value.n, line.text.length + 1);
  }

  #take(index: number, bytes: number): void {
    if (this.#arrived.has(index)) {
      if (this.#replaying) this.#replayed++;
      else this.#duplicates++;
      return;
    }
    if (index > this.#last) {
      this.#last = index;
      this.#replaying = false;
    } else if (!this.#replaying) this.#disorder++;
    this.#arrived.add(index);
    this.#bytes += bytes;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

const padding = (index: number, size: number) => Math.max(0, size - `{"n":${index},"pad":""}`.length);

function matches(segment: SeenSegment, index: number): boolean {
  const whole = content(index, segment.size);
  return createHash('sha256').update(whole).digest('hex') === segment.sha256;
}
