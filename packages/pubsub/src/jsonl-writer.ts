/** Writes a channel of JSON lines: lines become segments, rolled by time and by size, no line in two of them. PROTOCOL.md section 7.2. */
import {
  type Clock,
  EVENT_CAP_BYTES,
  JSONL,
  pause,
  ROLL_BYTES,
  ROLL_MS,
  STOCK_READER_BYTES,
  systemClock,
  TrickleError,
} from '@runnel/protocol';
import { abortError } from './abort.ts';
import { type Block, blockOf, fit, type Line, piece } from './lines.ts';
import {
  CLOSE_MS,
  type ClosePublisherOptions,
  createPublisher,
  type Publisher,
  type PublisherOptions,
  type PublisherStats,
} from './publisher.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface JsonlWriterOptions extends PublisherOptions {
  /** Default `application/jsonl`. */
  readonly mime?: string;
  /** A segment ends so long after its first line. Default 10,000. */
  readonly rollMs?: number;
  /** A segment ends before a line that would take it over so many bytes; a longer line is alone in its segment. Default 524,288. */
  readonly rollBytes?: number;
  /** Most bytes of a line, its LF included. Default 5,242,880. */
  readonly eventBytes?: number;
}

/** Lines = acknowledged + unacknowledged + those of segments still open. */
export interface JsonlWriterStats {
  /** Handed to the transport. Counted line by line: after a rejection it says how many of the lines went out before it. */
  readonly lines: number;
  readonly bytes: number;
  readonly linesAcknowledged: number;
  /** In segments that failed. They may have reached readers, or not. */
  readonly linesUnacknowledged: number;
  /** Lines over 1 MiB, at which stock Python readers end their stream. */
  readonly linesOverStockReader: number;
  readonly publisher: PublisherStats;
}

export interface JsonlWriter {
  /**
   * Writes one JSON object's text, without LF. Resolves when the transport has taken it and wants more. Rejects TrickleError, the line
   * not written: `too_large` over the event cap, `invalid` for a LF inside; as `Publisher.open`: `unreachable` or `refused` (try again),
   * `closed` or `not_found` (terminal), `aborted` after `close`.
   */
  write(line: Line): Promise<void>;
  /**
   * The same for many lines in as few chunks as rolling allows. A line that cannot be written rejects all of them, before any is written. When `signal` aborts, those that the
   * transport has not got yet are not handed to it any more, and it rejects `aborted`.
   */
  writeMany(lines: readonly Line[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  readonly stats: JsonlWriterStats;
  /** Why nothing can be written any more. */
  readonly ended: TrickleError | undefined;
  /** Resolves with that as soon as it is known, also while nothing is written. As `Publisher.over`. */
  readonly over: Promise<TrickleError>;
  /** Ends the segment, waits for acknowledgements, deletes the channel. Never rejects. */
  close(options?: ClosePublisherOptions): Promise<JsonlWriterStats>;
}

/** A writer for one channel; the caller closes it. Throws as `createPublisher`. Holds nothing back: what is written is on its way. */
export function createJsonlWriter(channelUrl: string, options: JsonlWriterOptions = {}): JsonlWriter {
  return new LineWriter(createPublisher(channelUrl, { mime: JSONL, ...options }), options);
}

interface OpenSegment {
  readonly writer: SegmentWriter;
  readonly stopTimer: () => void;
  lines: number;
  bytes: number;
}

class LineWriter implements JsonlWriter {
  readonly #publisher: Publisher;
  readonly #clock: Clock;
  readonly #rollMs: number;
  readonly #rollBytes: number;
  readonly #eventBytes: number;
  readonly #stats = { lines: 0, bytes: 0, linesAcknowledged: 0, linesUnacknowledged: 0, linesOverStockReader: 0 };
  #segment: OpenSegment | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<JsonlWriterStats> | undefined;

  constructor(publisher: Publisher, options: JsonlWriterOptions) {
    this.#publisher = publisher;
    this.#clock = options.clock ?? systemClock;
    this.#rollMs = options.rollMs ?? ROLL_MS;
    this.#rollBytes = options.rollBytes ?? ROLL_BYTES;
    this.#eventBytes = options.eventBytes ?? EVENT_CAP_BYTES;
  }

  get stats(): JsonlWriterStats {
    return { ...this.#stats, publisher: this.#publisher.stats };
  }

  get ended(): TrickleError | undefined {
    return this.#publisher.ended;
  }

  write(line: Line): Promise<void> {
    return this.writeMany([line]);
  }

  get over(): Promise<TrickleError> {
    return this.#publisher.over;
  }

  writeMany(lines: readonly Line[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#closing) return Promise.reject(new TrickleError('aborted', 'The writer is closed'));
    const written = this.#turn.then(() => this.#write(lines, signal));
    this.#turn = written.catch(() => {});
    return written;
  }

  close(options: ClosePublisherOptions = {}): Promise<JsonlWriterStats> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close({ deadlineMs = CLOSE_MS, ...options }: ClosePublisherOptions): Promise<JsonlWriterStats> {
    const until = this.#clock.now() + deadlineMs;
    // A write that waits for a server which is away is ended by the publisher's own end.
    const late = new AbortController();
    await Promise.race([this.#turn, pause(this.#clock, deadlineMs, late.signal, { keepAlive: true })]);
    late.abort();
    this.#roll();
    await this.#publisher.close({ ...options, deadlineMs: Math.max(0, until - this.#clock.now()) });
    return this.stats;
  }

  async #write(lines: readonly Line[], signal: AbortSignal | undefined): Promise<void> {
    const block = blockOf(lines, this.#eventBytes);
    for (let from = 0; from < lines.length; ) {
      const segment = await this.#open();
      if (signal?.aborted) throw abortError(signal);
      if (!segment.writer.writable) {
        await answeredAtOnce(segment.writer);
        continue;
      }
      const to = fit(block, from, this.#rollBytes - segment.bytes);
      if (to === from && segment.bytes > 0) {
        this.#roll();
        continue;
      }
      // A line longer than a whole segment is alone in its own.
      const upTo = Math.max(to, from + 1);
      const flowing = this.#send(segment, block, from, upTo);
      from = upTo;
      if (!flowing) await segment.writer.drained();
    }
  }

  async #open(): Promise<OpenSegment> {
    if (this.#segment?.writer.writable) return this.#segment;
    this.#roll();
    const writer = await this.#publisher.open();
    const segment = {
      writer,
      stopTimer: this.#clock.after(this.#rollMs, () => this.#roll(segment)),
      lines: 0,
      bytes: 0,
    };
    this.#segment = segment;
    void writer.settled.then((error) => this.#settled(segment, error));
    return segment;
  }

  #send(segment: OpenSegment, block: Block, from: number, to: number): boolean {
    const chunk = piece(block, from, to);
    const flowing = segment.writer.write(chunk);
    segment.lines += to - from;
    segment.bytes += chunk.length;
    this.#stats.lines += to - from;
    this.#stats.bytes += chunk.length;
    if (to - from === 1 && chunk.length > STOCK_READER_BYTES) this.#stats.linesOverStockReader++;
    if (segment.bytes >= this.#rollBytes) this.#roll();
    return flowing;
  }

  #roll(segment = this.#segment): void {
    segment?.stopTimer();
    // How it went is told by `settled`.
    segment?.writer.end().catch(() => {});
    if (segment === this.#segment) this.#segment = undefined;
  }

  #settled(segment: OpenSegment, error: TrickleError | undefined): void {
    segment.stopTimer();
    if (error) this.#stats.linesUnacknowledged += segment.lines;
    else this.#stats.linesAcknowledged += segment.lines;
  }
}

/** A segment that was over before anything was written to it: one that is merely taken is followed by the next, everything else is an error. */
async function answeredAtOnce(writer: SegmentWriter): Promise<void> {
  const error = await writer.settled;
  if (error && error.code !== 'conflict') throw error;
}
