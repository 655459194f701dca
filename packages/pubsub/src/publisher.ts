/** Writes a channel's segments, each a POST that was connected before there was anything to send. PROTOCOL.md section 9. */
import { Header, NEXT, parseSeq, pause, Status, TrickleError } from '@runnel/protocol';
import { abortError, childOf } from './abort.ts';
import { backoffMs } from './backoff.ts';
import { ASK_MS, Channel, type Connection } from './connection.ts';
import { Segment, type SegmentWriter } from './segment-writer.ts';
import type { Answer, Upload } from './transport.ts';

export interface PublisherOptions extends Connection {
  /** The channel's media type, where this publisher creates it. Default `application/octet-stream`. */
  readonly mime?: string;
  /** Create the channel first. A 404 to that is no error: then somebody else has made it. Default false. */
  readonly create?: boolean;
}

/** Bytes written = acknowledged + unacknowledged + those of segments still open. Late ones were never taken. */
export interface PublisherStats {
  readonly segments: number;
  readonly segmentsAcknowledged: number;
  readonly segmentsUnacknowledged: number;
  readonly bytesAcknowledged: number;
  readonly bytesUnacknowledged: number;
  /** Handed to a segment that was over. */
  readonly bytesLate: number;
  /** POSTs made once more, no byte having been consumed. */
  readonly retries: number;
  /** New lives of the channel seen: a restart of the server. */
  readonly epochs: number;
  /** Whether `close` deleted the channel. */
  readonly deleted: boolean;
}

export interface ClosePublisherOptions {
  /** How long segments may take to be acknowledged. Default 5,000. */
  readonly deadlineMs?: number;
  /** Default true. */
  readonly deleteChannel?: boolean;
}

export interface Publisher {
  /**
   * Opens the next segment, connected, and preconnects the one after it. Calls are served in order. Waits a little (up to 5 s) if the segments
   * before failed, so that a caller may simply try again. Rejects TrickleError `closed` or `not_found` (terminal), `unreachable`, `refused`,
   * or `aborted` after `close`.
   */
  open(): Promise<SegmentWriter>;
  /** The seq that was opened last. */
  readonly seq: number | undefined;
  /** The channel's life, from servers that say. */
  readonly epoch: string | undefined;
  readonly stats: PublisherStats;
  /** Why nothing can be published any more: the channel has ended or is not there. */
  readonly ended: TrickleError | undefined;
  /**
   * Ends open segments, waits until they are acknowledged, then deletes the channel. Never rejects: what was not acknowledged is in the
   * figures it resolves with.
   */
  close(options?: ClosePublisherOptions): Promise<PublisherStats>;
}

/** How long `close` waits for acknowledgements unless told otherwise. */
export const CLOSE_MS = 5_000;
/** Segments that are ended but not acknowledged; `open` waits while there are so many. */
const MOST_UNACKNOWLEDGED = 8;
const PACE_FIRST_MS = 100;
const PACE_MOST_MS = 5_000;
/** DELETE has at least this long, also when the deadline has passed. */
const DELETE_MS = 1_000;

/** A publisher for one channel; the caller closes it. Throws TrickleError `invalid` for a URL that is none. PROTOCOL.md sections 3.2 and 9. */
export function createPublisher(channelUrl: string, options: PublisherOptions = {}): Publisher {
  return new TricklePublisher(channelUrl, options);
}

interface Preconnect {
  readonly seq: number;
  readonly upload: Promise<Upload>;
}

class TricklePublisher implements Publisher {
  readonly #channel: Channel;
  readonly #mime: string;
  readonly #life: ReturnType<typeof childOf>;
  readonly #segments = new Set<Segment>();
  readonly #stats = {
    segments: 0,
    segmentsAcknowledged: 0,
    segmentsUnacknowledged: 0,
    bytesAcknowledged: 0,
    bytesUnacknowledged: 0,
    bytesLate: 0,
    retries: 0,
    epochs: 0,
    deleted: false,
  };
  #create: boolean;
  /** The seq to open next. Undefined: the server is asked. */
  #next: number | undefined;
  /** The first POST takes over a channel that has a history. */
  #reset = false;
  #seq: number | undefined;
  #epoch: string | undefined;
  #ended: TrickleError | undefined;
  #preconnect: Preconnect | undefined;
  #failures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<PublisherStats> | undefined;

  constructor(channelUrl: string, options: PublisherOptions) {
    this.#channel = new Channel(channelUrl, options);
    this.#mime = options.mime ?? 'application/octet-stream';
    this.#create = options.create ?? false;
    this.#life = childOf(options.signal ?? new AbortController().signal);
    this.#life.signal.addEventListener('abort', () => this.#aborted(), { once: true });
  }

  get seq(): number | undefined {
    return this.#seq;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  get stats(): PublisherStats {
    return this.#stats;
  }

  get ended(): TrickleError | undefined {
    return this.#ended;
  }

  open(): Promise<SegmentWriter> {
    const opened = this.#turn.then(() => this.#open());
    this.#turn = opened.catch(() => {});
    return opened;
  }

  close(options: ClosePublisherOptions = {}): Promise<PublisherStats> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #open(): Promise<SegmentWriter> {
    this.#mayOpen();
    if (this.#failures > 0) {
      await pause(this.#channel.clock, backoffMs(this.#failures, PACE_FIRST_MS, PACE_MOST_MS), this.#life.signal);
    }
    await this.#room();
    this.#mayOpen();
    const { seq, upload, again } = await this.#connect().catch((error: TrickleError) => {
      this.#failures++;
      this.#next = undefined;
      throw error;
    });
    if (this.#closing) {
      upload.abort();
      this.#mayOpen();
    }
    const segment = this.#begin(seq, upload, again);
    this.#next = seq + 1;
    this.#preconnectTo(seq + 1);
    return segment;
  }

  #mayOpen(): void {
    if (this.#ended) throw this.#ended;
    if (this.#life.signal.aborted) throw abortError(this.#life.signal);
    if (this.#closing) throw new TrickleError('aborted', 'The publisher is closed');
  }

  /** A server that takes bodies and never answers must not gather connections without end. */
  async #room(): Promise<void> {
    for (;;) {
      const waiting = [...this.#segments].filter((segment) => segment.ended);
      if (waiting.length < MOST_UNACKNOWLEDGED) return;
      await Promise.race(waiting.map((segment) => segment.settled));
    }
  }

  /** The connected POST of the next segment: the preconnected one if it lives, else a new one. */
  async #connect(): Promise<{ seq: number; upload: Upload; again: () => Promise<Upload> }> {
    const ready = this.#preconnect;
    this.#preconnect = undefined;
    if (ready && ready.seq === this.#next) {
      const upload = await ready.upload.catch(() => undefined);
      if (upload) return { seq: ready.seq, upload, again: () => this.#post(ready.seq) };
      this.#next = this.#afterBreak();
    } else if (ready) drop(ready);
    this.#mayOpen();
    this.#next ??= await this.#head();
    const seq = this.#next;
    const reset = this.#reset;
    const post = () => this.#post(seq, reset);
    const upload = await post().catch((error: TrickleError) => {
      if (error.code !== 'unreachable') throw error;
      this.#stats.retries++;
      return post();
    });
    this.#reset = false;
    return { seq, upload, again: post };
  }

  #begin(seq: number, upload: Upload, again: () => Promise<Upload>): Segment {
    const segment = new Segment(seq, upload, {
      clock: this.#channel.clock,
      again: () => {
        this.#stats.retries++;
        return again();
      },
      judge: (answer) => this.#judge(answer),
      late: (bytes) => {
        this.#stats.bytesLate += bytes;
      },
      settled: (one, bytes, error) => this.#settled(one, bytes, error),
    });
    this.#seq = seq;
    this.#stats.segments++;
    this.#segments.add(segment);
    return segment;
  }

  #settled(segment: Segment, bytes: number, error: TrickleError | undefined): void {
    this.#segments.delete(segment);
    if (!error) {
      this.#failures = 0;
      this.#stats.segmentsAcknowledged++;
      this.#stats.bytesAcknowledged += bytes;
      return;
    }
    this.#stats.segmentsUnacknowledged++;
    this.#stats.bytesUnacknowledged += bytes;
    if (error.code === 'aborted') return;
    this.#failures++;
    if (error.code === 'unreachable') this.#next = this.#afterBreak();
  }

  /** A broken connection may mean another server, so the head is asked for again; but not while segments of ours may still move it. */
  #afterBreak(): number | undefined {
    return this.#segments.size > 0 ? this.#next : undefined;
  }

  /** Connects the POST of a segment that is still to come. Its answer, if one comes before it is used, says what became of the channel. */
  #preconnectTo(seq: number): void {
    const upload = this.#post(seq);
    const preconnect = { seq, upload };
    this.#preconnect = preconnect;
    const unused = () => this.#preconnect === preconnect;
    upload
      .then((connected) => connected.answer)
      .then(
        (answer) => {
          if (!unused()) return;
          this.#preconnect = undefined;
          if (!this.#judge(answer) && this.#next === seq) this.#next = latestOf(answer, seq + 1);
        },
        () => {
          if (!unused()) return;
          this.#preconnect = undefined;
          this.#next = this.#afterBreak();
        },
      );
  }

  async #post(seq: number, reset = false): Promise<Upload> {
    const headers = { 'Content-Type': this.#mime, ...(reset && { [Header.reset]: '1' }) };
    let upload: Upload | undefined;
    try {
      return await this.#channel.within(ASK_MS, this.#life.signal, async () => {
        upload = await this.#channel.post(seq, headers, this.#life.signal);
        await upload.connected;
        return upload;
      });
    } catch (error) {
      upload?.abort();
      throw error;
    }
  }

  /** Where to begin: at the head, and at 0 (or where we were) if nobody says where that is. */
  async #head(): Promise<number> {
    const first = this.#seq === undefined;
    if (this.#create && first) await this.#createChannel();
    const answer = await this.#ask((signal) => this.#channel.get(NEXT, signal)).catch((error: TrickleError) => {
      if (error.code !== 'unreachable') throw error;
      return undefined;
    });
    const fallback = this.#seq === undefined ? 0 : this.#seq + 1;
    if (!answer) return fallback;
    if (answer.header(Header.closed) !== undefined || answer.status === Status.unavailable) {
      throw this.#judge(answer) as TrickleError;
    }
    if (answer.status === Status.notFound) {
      if (this.#create && !first) await this.#createChannel();
      return 0;
    }
    if (answer.status !== Status.ok) return fallback;
    this.#learnEpoch(answer);
    const head = latestOf(answer) ?? fallback;
    this.#reset = first && head > 0;
    return head;
  }

  async #createChannel(): Promise<void> {
    const headers = { [Header.expectContent]: this.#mime };
    const answer = await this.#ask((signal) => this.#channel.send('POST', headers, signal));
    if (answer.status === Status.ok) return this.#learnEpoch(answer);
    if (answer.status !== Status.notFound) throw refusal(answer, `Creating ${this.#channel}`);
  }

  async #ask(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const answer = await this.#channel.within(ASK_MS, this.#life.signal, ask);
    answer.cancel();
    return answer;
  }

  /** What an answer to a segment's POST means: undefined for success. Ends the publisher where the channel has ended. */
  #judge(answer: Answer): TrickleError | undefined {
    this.#learnEpoch(answer);
    const error = refusal(answer, `Publishing to ${this.#channel}`);
    if (error?.code === 'closed' || error?.code === 'not_found') this.#end(error);
    if (error?.code === 'conflict') this.#next = Math.max(latestOf(answer) ?? 0, this.#next ?? 0);
    if (answer.status === Status.unavailable) this.#next = undefined;
    return error;
  }

  #learnEpoch(answer: Answer): void {
    const epoch = answer.header(Header.epoch);
    if (epoch === undefined || epoch === this.#epoch) return;
    if (this.#epoch !== undefined) {
      this.#stats.epochs++;
      this.#next = undefined;
    }
    this.#epoch = epoch;
  }

  #end(error: TrickleError): void {
    this.#ended ??= error;
    this.#dropPreconnect();
  }

  #aborted(): void {
    const error = abortError(this.#life.signal);
    if (!this.#closing) this.#ended ??= error;
    for (const segment of this.#segments) segment.fail(error);
    this.#dropPreconnect();
  }

  #dropPreconnect(): void {
    if (this.#preconnect) drop(this.#preconnect);
    this.#preconnect = undefined;
  }

  async #close({ deadlineMs = CLOSE_MS, deleteChannel = true }: ClosePublisherOptions): Promise<PublisherStats> {
    const { clock } = this.#channel;
    const until = clock.now() + deadlineMs;
    const expired = childOf(this.#life.signal);
    const stop = clock.after(deadlineMs, () => expired.abort());
    for (const segment of this.#segments) segment.end().catch(() => {});
    await untilAborted(Promise.all([...this.#segments].map((segment) => segment.settled)), expired.signal);
    stop();
    expired.release();
    for (const segment of this.#segments) {
      segment.fail(new TrickleError('gave_up', `Segment ${segment.seq} was not acknowledged before the deadline`));
    }
    this.#dropPreconnect();
    if (deleteChannel && !this.#ended && this.#seq !== undefined) {
      await this.#delete(Math.max(DELETE_MS, until - clock.now()));
    }
    this.#life.abort(new TrickleError('aborted', 'The publisher is closed'));
    this.#life.release();
    return this.#stats;
  }

  async #delete(ms: number): Promise<void> {
    try {
      const answer = await this.#channel.within(ms, this.#life.signal, (signal) =>
        this.#channel.send('DELETE', {}, signal),
      );
      answer.cancel();
      this.#stats.deleted = answer.status === Status.ok;
    } catch {
      // The server is away; its idle sweep will close the channel, and `deleted` says that we did not.
    }
  }
}

function drop(preconnect: Preconnect): void {
  preconnect.upload.then(
    (upload) => upload.abort(),
    () => {},
  );
}

function untilAborted(done: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return Promise.race([done, aborted]);
}

function latestOf(answer: Answer): number | undefined;
function latestOf(answer: Answer, least: number): number;
function latestOf(answer: Answer, least?: number): number | undefined {
  const latest = parseSeq(answer.header(Header.latest) ?? '');
  if (least === undefined) return latest !== undefined && latest >= 0 ? latest : undefined;
  return Math.max(latest ?? least, least);
}

/** The error that an answer stands for, undefined for 200. Closed comes before the status. */
function refusal(answer: Answer, what: string): TrickleError | undefined {
  const { status } = answer;
  if (answer.header(Header.closed) !== undefined)
    return new TrickleError('closed', `${what}: the channel has ended`, { status });
  if (status === Status.ok) return undefined;
  return new TrickleError(codeOf(status), `${what}: ${status}`, { status });
}

function codeOf(status: number) {
  if (status === Status.notFound) return 'not_found';
  if (status === Status.conflict) return 'conflict';
  if (status === Status.tooLarge) return 'too_large';
  return (status >= 400 && status < 500) || status === Status.unavailable ? 'refused' : 'unreachable';
}
