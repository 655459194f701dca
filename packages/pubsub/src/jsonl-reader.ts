/** Reads a channel of JSON lines. A bad line is skipped and counted; nothing in a line ends the stream. PROTOCOL.md section 7. */
import { EVENT_CAP_BYTES } from '@runnel/protocol';
import { createLineSplitter } from './line-splitter.ts';
import type { SegmentReader } from './segment-reader.ts';
import { type SubscribeOptions, type Subscription, subscribe } from './subscriber.ts';

export interface JsonlReaderOptions<Value = Record<string, unknown>> {
  /**
   * Makes a line's `value`: for a reader that wants little of each line, and to know it sooner than `JSON.parse` would. Returns undefined for what is no object of JSON; that is looked at
   * once more, for the reason. Must not throw. Default: the object.
   */
  readonly parse?: (line: Uint8Array) => Value | undefined;
  /** Most bytes of a line, its LF included. Default 5,242,880. */
  readonly maxLineBytes?: number;
  /** Most bytes read of one segment; the rest of a longer one is skipped. Default: no limit. */
  readonly maxSegmentBytes?: number;
  /** Told of each line that was skipped; the counts are in `stats` as well. */
  readonly onBad?: (bad: BadLine) => void;
}

export interface JsonlLine<Value = Record<string, unknown>> {
  /** The line as it came, without LF or CRLF. It is a part of the chunk it came in: copy it to keep it for long. */
  readonly bytes: Uint8Array;
  readonly value: Value;
  /** The segment it came in. */
  readonly seq: number;
  readonly epoch: string | undefined;
}

/**
 * Why a line was skipped. `truncated`: the segment broke off in the middle of it. `oversize`: over `maxLineBytes`.
 * `oversize_segment`: counted once for the rest of a segment over `maxSegmentBytes`.
 */
export type BadReason = 'invalid_utf8' | 'invalid_json' | 'not_object' | 'oversize' | 'oversize_segment' | 'truncated';

export interface BadLine {
  readonly reason: BadReason;
  /** The line's length, as far as it is known. */
  readonly bytes: number;
  readonly seq: number;
}

export interface JsonlReaderStats {
  readonly lines: number;
  readonly bad: Readonly<Record<BadReason, number>>;
}

/** Iterate it once: lines as they complete, one batch (never empty) per network chunk. */
export interface JsonlReader<Value = Record<string, unknown>> extends AsyncIterable<readonly JsonlLine<Value>[]> {
  readonly stats: JsonlReaderStats;
  readonly subscription: Subscription;
  close(): void;
}

/**
 * Reads lines from a channel, or from a subscription that nobody iterates yet; closing one closes the other. Holds at most `maxLineBytes`
 * of an unfinished line. Throws as `subscribe`; iteration does not throw: `subscription.end` says why it ended.
 */
export function readJsonl<Value>(
  source: string | Subscription,
  options: JsonlReaderOptions<Value> & SubscribeOptions & Required<Pick<JsonlReaderOptions<Value>, 'parse'>>,
): JsonlReader<Value>;
export function readJsonl(source: string | Subscription, options?: JsonlReaderOptions & SubscribeOptions): JsonlReader;
export function readJsonl(
  source: string | Subscription,
  options: JsonlReaderOptions<unknown> & SubscribeOptions = {},
): JsonlReader<unknown> {
  return new LineReader(typeof source === 'string' ? subscribe(source, options) : source, options);
}

class LineReader implements JsonlReader<unknown> {
  readonly subscription: Subscription;
  readonly stats = {
    lines: 0,
    bad: { invalid_utf8: 0, invalid_json: 0, not_object: 0, oversize: 0, oversize_segment: 0, truncated: 0 },
  };
  readonly #maxLineBytes: number;
  readonly #maxSegmentBytes: number;
  readonly #onBad: (bad: BadLine) => void;
  readonly #parse: (line: Uint8Array) => unknown;

  constructor(subscription: Subscription, options: JsonlReaderOptions<unknown>) {
    this.subscription = subscription;
    this.#maxLineBytes = options.maxLineBytes ?? EVENT_CAP_BYTES;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? Number.POSITIVE_INFINITY;
    this.#onBad = options.onBad ?? (() => {});
    this.#parse = options.parse ?? parseObject;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly JsonlLine<unknown>[]> {
    for await (const segment of this.subscription) yield* this.#segment(segment);
  }

  close(): void {
    this.subscription.close();
  }

  async *#segment(segment: SegmentReader): AsyncGenerator<readonly JsonlLine<unknown>[]> {
    let batch: JsonlLine<unknown>[] = [];
    const taken = () => {
      const lines = batch;
      batch = [];
      this.stats.lines += lines.length;
      return lines;
    };
    const splitter = createLineSplitter({
      maxLineBytes: this.#maxLineBytes,
      onLine: (bytes) => this.#line(bytes, segment, batch),
      onOversize: (bytes) => this.#bad('oversize', bytes, segment),
    });
    let read = 0;
    for await (const chunk of segment) {
      const room = this.#maxSegmentBytes - read;
      read += chunk.length;
      splitter.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      if (batch.length > 0) yield taken();
      if (chunk.length > room) return this.#bad('oversize_segment', read, segment);
    }
    const torn = splitter.end(!segment.aborted);
    if (torn > 0) this.#bad('truncated', torn, segment);
    if (batch.length > 0) yield taken();
  }

  #line(bytes: Uint8Array, { seq, epoch }: SegmentReader, batch: JsonlLine<unknown>[]): void {
    const value = this.#parse(bytes);
    if (value !== undefined) batch.push({ bytes, value, seq, epoch });
    else {
      const why = whyBad(bytes);
      if (why !== 'blank') this.#bad(why, bytes.length, { seq });
    }
  }

  #bad(reason: BadReason, bytes: number, { seq }: { seq: number }): void {
    this.stats.bad[reason]++;
    this.#onBad({ reason, bytes, seq });
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function whyBad(bytes: Uint8Array): 'blank' | 'invalid_utf8' | 'invalid_json' | 'not_object' {
  const text = decode(bytes);
  if (text === undefined) return 'invalid_utf8';
  if (text.trim() === '') return 'blank';
  try {
    JSON.parse(text);
    return 'not_object';
  } catch {
    return 'invalid_json';
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
