/** Writes a channel's segments, each a POST that was connected before there was anything to send. PROTOCOL.md section 9. */
import { Header, pause, Status, TrickleError } from '@runnel/protocol';
import { abortError, childOf } from './abort.ts';
import { backoffMs } from './backoff.ts';
import { Channel, type Connection } from './connection.ts';
import { Head } from './head.ts';
import { InFlight } from './in-flight.ts';
import { Preconnect } from './preconnect.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { Answer, Upload } from './transport.ts';
import { refusal } from './verdict.ts';

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
  /** How long segments may take to be acknowledged; 0 does not wait for them. Default 5,000. */
  readonly deadlineMs?: number;
  /** Default true. */
  readonly deleteChannel?: boolean;
}

export interface Publisher {
  /**
   * Opens the next segment, connected, and preconnects the one after it. Calls are served in order. Waits a little (up to 1 s, whatever
   * Retry-After says: what is published is perishable) if the segments before failed and none is open, so that a caller may simply try again. Rejects TrickleError `closed` or `not_found` (terminal), `unreachable`, `refused`,
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
  /** Resolves with that as soon as it is known, which takes no write: the preconnected POST is answered. Never rejects, and stays open where `close` comes first. */
  readonly over: Promise<TrickleError>;
  /**
   * Ends open segments, waits until they are acknowledged, then deletes the channel. Never rejects: what was not acknowledged is in the
   * figures it resolves with.
   */
  close(options?: ClosePublisherOptions): Promise<PublisherStats>;
}

/** How long `close` waits for acknowledgements unless told otherwise. */
export const CLOSE_MS = 5_000;
const PACE_FIRST_MS = 100;
/** After an outage, however long, the publisher is to be back within about a second of its server: the ring before it holds little more. */
const PACE_MOST_MS = 1_000;
/** DELETE has at least this long, also when the deadline has passed. */
const DELETE_MS = 1_000;

/** A publisher for one channel; the caller closes it. Throws TrickleError `invalid` for a URL that is none. PROTOCOL.md sections 3.2 and 9. */
export function createPublisher(channelUrl: string, options: PublisherOptions = {}): Publisher {
  return new TricklePublisher(channelUrl, options);
}

class TricklePublisher implements Publisher {
  readonly over: Promise<TrickleError>;
  readonly #isOver: (error: TrickleError) => void;
  readonly #channel: Channel;
  readonly #mime: string;
  readonly #head: Head;
  readonly #preconnect: Preconnect;
  readonly #inFlight = new InFlight();
  readonly #life: ReturnType<typeof childOf>;
  #retries = 0;
  #deleted = false;
  #ended: TrickleError | undefined;
  #failures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<PublisherStats> | undefined;

  constructor(channelUrl: string, options: PublisherOptions) {
    const { promise, resolve } = Promise.withResolvers<TrickleError>();
    this.over = promise;
    this.#isOver = resolve;
    this.#channel = new Channel(channelUrl, options);
    this.#mime = options.mime ?? 'application/octet-stream';
    this.#head = new Head(this.#channel, { mime: this.#mime, create: options.create ?? false });
    this.#preconnect = new Preconnect({
      post: (seq) => this.#post(seq),
      answered: (seq, answer) => this.#judge(answer) ?? this.#head.skip(seq, answer),
      broke: () => this.#broke(),
    });
    this.#life = childOf(options.signal);
    this.#life.signal.addEventListener('abort', () => this.#aborted(), { once: true });
  }

  get seq(): number | undefined {
    return this.#head.opened;
  }

  get epoch(): string | undefined {
    return this.#head.epoch;
  }

  get stats(): PublisherStats {
    return { ...this.#inFlight.stats, retries: this.#retries, epochs: this.#head.lives, deleted: this.#deleted };
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
    await this.#pace();
    await this.#inFlight.room(this.#head.epoch);
    this.#mayOpen();
    const { seq, upload, again } = await this.#connect().catch((error: TrickleError) => {
      this.#failures++;
      this.#head.lose();
      if (error.code === 'closed' || error.code === 'not_found') this.#end(error);
      throw error;
    });
    if (this.#closing) {
      upload.abort();
      this.#mayOpen();
    }
    const segment = this.#inFlight.begin(seq, upload, {
      clock: this.#channel.clock,
      again,
      judge: (answer) => this.#judge(answer),
      settled: (error) => this.#settled(error),
    });
    if (this.#head.pass(seq)) this.#preconnect.connect(seq + 1);
    return segment;
  }

  #mayOpen(): void {
    if (this.#ended) throw this.#ended;
    if (this.#life.signal.aborted) throw abortError(this.#life.signal);
    if (this.#closing) throw new TrickleError('aborted', 'The publisher is closed');
  }

  /** While another segment lives, the failures before it are over: a writer with a backlog after an outage is not to be held up. */
  #pace(): Promise<void> {
    if (this.#failures === 0 || this.#inFlight.size > 0) return Promise.resolve();
    const ms = backoffMs(this.#failures, PACE_FIRST_MS, PACE_MOST_MS);
    return pause(this.#channel.clock, ms, this.#life.signal, { keepAlive: true });
  }

  /** The connected POST of the next segment: the preconnected one if it lives, else a new one. */
  async #connect(): Promise<{ seq: number; upload: Upload; again: () => Promise<Upload> }> {
    const { next } = this.#head;
    const preconnected = await this.#preconnect.take(next);
    if (next !== undefined && preconnected) return { seq: next, upload: preconnected, again: () => this.#again(next) };
    this.#mayOpen();
    const seq = this.#head.next ?? (await this.#head.find(this.#life.signal));
    const reset = this.#head.takesOver;
    const again = () => this.#again(seq, reset);
    const upload = await this.#post(seq, reset).catch((error: TrickleError) => {
      if (error.code !== 'unreachable') throw error;
      return again();
    });
    return { seq, upload, again };
  }

  #again(seq: number, reset = false): Promise<Upload> {
    this.#retries++;
    return this.#post(seq, reset);
  }

  #post(seq: number, reset = false): Promise<Upload> {
    const headers = { 'Content-Type': this.#mime, ...(reset && { [Header.reset]: '1' }) };
    return this.#channel.post(seq, headers, this.#life.signal);
  }

  /** What an answer to a segment's POST means: undefined for success. Ends the publisher where the channel has ended. */
  #judge(answer: Answer): TrickleError | undefined {
    this.#head.learn(answer);
    const error = refusal(answer, `Publishing to ${this.#channel}`);
    if (error?.code === 'closed' || error?.code === 'not_found') this.#end(error);
    return error;
  }

  #settled(error: TrickleError | undefined): void {
    if (error === undefined) this.#failures = 0;
    else if (error.code !== 'aborted') this.#failures++;
    if (error?.code === 'unreachable') this.#broke();
  }

  /** A broken connection may mean another server, so the head is asked for again; but not while segments of ours may still move it. */
  #broke(): void {
    if (this.#inFlight.size === 0) this.#head.lose();
  }

  #end(error: TrickleError): void {
    this.#ended ??= error;
    this.#isOver(this.#ended);
    this.#preconnect.drop();
  }

  #aborted(): void {
    const error = abortError(this.#life.signal);
    this.#inFlight.fail(() => error);
    if (this.#closing) this.#preconnect.drop();
    else this.#end(error);
  }

  async #close({ deadlineMs = CLOSE_MS, deleteChannel = true }: ClosePublisherOptions): Promise<PublisherStats> {
    const until = this.#channel.clock.now() + deadlineMs;
    await this.#acknowledged(deadlineMs);
    this.#preconnect.drop();
    if (deleteChannel && !this.#ended && this.#head.opened !== undefined) {
      await this.#delete(Math.max(DELETE_MS, until - this.#channel.clock.now()));
    }
    this.#life.abort(new TrickleError('aborted', 'The publisher is closed'));
    this.#life.release();
    return this.stats;
  }

  /** Ends what is open. What is not acknowledged by then is given up. */
  async #acknowledged(withinMs: number): Promise<void> {
    const settled = this.#inFlight.end();
    if (withinMs > 0) await this.#channel.within(withinMs, this.#life.signal, () => settled).catch(() => {});
    this.#inFlight.fail(
      (seq) => new TrickleError('gave_up', `Segment ${seq} was not acknowledged before the deadline`),
    );
  }

  async #delete(ms: number): Promise<void> {
    try {
      const answer = await this.#channel.delete(ms, this.#life.signal);
      this.#deleted = answer.status === Status.ok;
    } catch {
      // The server is away; its idle sweep will close the channel, and `deleted` says that we did not.
    }
  }
}
