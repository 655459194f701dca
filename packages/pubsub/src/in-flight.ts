/** The segments that are being written or wait to be acknowledged, and the figures of those that are done. PROTOCOL.md section 9. */
import type { TrickleError } from '@runnel/protocol';
import { Segment, type SegmentOwner } from './segment-writer.ts';
import type { Upload } from './transport.ts';

/** What a segment asks of its publisher; the books are kept here. */
export interface InFlightOwner extends Pick<SegmentOwner, 'clock' | 'again' | 'judge'> {
  /** Called once, when the segment is no longer in flight. */
  settled(error: TrickleError | undefined): void;
}

/** Segments that are ended but not acknowledged; `room` waits while there are so many. */
const MOST_UNACKNOWLEDGED = 8;
/** The same on a server without epochs: the Go server has five places, and cuts the segment in the place that a sixth one takes. */
const MOST_ON_GO = 2;

export class InFlight {
  readonly stats = {
    segments: 0,
    segmentsAcknowledged: 0,
    segmentsUnacknowledged: 0,
    bytesAcknowledged: 0,
    bytesUnacknowledged: 0,
    bytesLate: 0,
  };
  readonly #segments = new Set<Segment>();

  get size(): number {
    return this.#segments.size;
  }

  /** A server that takes bodies and never answers must not gather connections without end. */
  async room(epoch: string | undefined): Promise<void> {
    const most = epoch === undefined ? MOST_ON_GO : MOST_UNACKNOWLEDGED;
    for (;;) {
      const waiting = [...this.#segments].filter((segment) => segment.ended);
      if (waiting.length < most) return;
      await Promise.race(waiting.map((segment) => segment.settled));
    }
  }

  begin(seq: number, upload: Upload, { clock, again, judge, settled }: InFlightOwner): Segment {
    const segment = new Segment(seq, upload, {
      clock,
      again,
      judge,
      late: (bytes) => {
        this.stats.bytesLate += bytes;
      },
      settled: (one, bytes, error) => {
        this.#segments.delete(one);
        this.#count(bytes, error);
        settled(error);
      },
    });
    this.stats.segments++;
    this.#segments.add(segment);
    return segment;
  }

  /** Ends them all; resolves when all have settled. */
  end(): Promise<unknown> {
    const open = [...this.#segments];
    // How each went is in the figures.
    for (const segment of open) segment.end().catch(() => {});
    return Promise.all(open.map((segment) => segment.settled));
  }

  /** Breaks them all off. */
  fail(why: (seq: number) => TrickleError): void {
    for (const segment of this.#segments) segment.fail(why(segment.seq));
  }

  #count(bytes: number, error: TrickleError | undefined): void {
    const outcome = error ? 'Unacknowledged' : 'Acknowledged';
    this.stats[`segments${outcome}`]++;
    this.stats[`bytes${outcome}`] += bytes;
  }
}
