/** One segment while it is written: a POST, and its second try as long as no byte of it was consumed. */
import { type Clock, TrickleError } from '@runnel/protocol';
import type { Answer, Upload } from './transport.ts';

export interface SegmentWriter {
  readonly seq: number;
  /** False once the segment is over: ended, answered by the server, or failed. What is written then is counted as late and goes nowhere. */
  readonly writable: boolean;
  /** Sends bytes, which must not be changed afterwards. False: wait for `drained()` before the next, or the rest waits in memory. */
  write(chunk: Uint8Array): boolean;
  /** Resolves when more may be written, or when the segment is over. */
  drained(): Promise<void>;
  /**
   * Ends the segment. Resolves when the server has acknowledged it (at most 30 s later); rejects TrickleError `closed`, `not_found`,
   * `conflict` (the server had ended it), `too_large`, `refused`, `unreachable` or `aborted`. Calling it again gives the same promise's result.
   */
  end(): Promise<void>;
  /** Breaks the segment off, as a publisher that died would. */
  abort(): void;
  /** How it went, without rejecting: undefined when acknowledged. */
  readonly settled: Promise<TrickleError | undefined>;
}

/** What a segment asks of its publisher. */
export interface SegmentOwner {
  readonly clock: Clock;
  /** The segment's POST once more, connected. */
  again(): Promise<Upload>;
  /** Reads an answer: undefined for a success. */
  judge(answer: Answer): TrickleError | undefined;
  /** Bytes that came when the segment was over. */
  late(bytes: number): void;
  /** Called once, with the bytes that were handed in before. */
  settled(segment: Segment, bytes: number, error: TrickleError | undefined): void;
}

/** An ended segment that is not acknowledged this long has failed: a server that never answers must not pile up requests. */
const ACKNOWLEDGE_MS = 30_000;

export class Segment implements SegmentWriter {
  readonly seq: number;
  readonly settled: Promise<TrickleError | undefined>;
  readonly #owner: SegmentOwner;
  readonly #settle: (error: TrickleError | undefined) => void;
  /** Undefined between a failure that cost nothing and the second try. */
  #upload: Upload | undefined;
  #second: Promise<void> | undefined;
  #held: Uint8Array[] = [];
  #bytes = 0;
  #consumed = false;
  #ended = false;
  #over = false;
  #stopTimer: () => void = () => {};

  constructor(seq: number, upload: Upload, owner: SegmentOwner) {
    this.seq = seq;
    this.#owner = owner;
    const settled = Promise.withResolvers<TrickleError | undefined>();
    this.settled = settled.promise;
    this.#settle = settled.resolve;
    this.#attach(upload);
  }

  get writable(): boolean {
    return !this.#over && !this.#ended;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(chunk: Uint8Array): boolean {
    if (!this.writable) {
      this.#owner.late(chunk.length);
      return true;
    }
    this.#bytes += chunk.length;
    if (this.#upload) return this.#send(this.#upload, chunk);
    this.#held.push(chunk);
    this.#tryAgain();
    return false;
  }

  async drained(): Promise<void> {
    await this.#second;
    if (!this.#over) await this.#upload?.drained();
  }

  async end(): Promise<void> {
    this.#end();
    const error = await this.settled;
    if (error) throw error;
  }

  abort(): void {
    this.fail(new TrickleError('aborted', `Segment ${this.seq} was aborted`));
  }

  /** Breaks it off for the reason given. */
  fail(error: TrickleError): void {
    if (this.#over) return;
    this.#finish(error);
    this.#upload?.abort();
  }

  #end(): void {
    if (!this.writable) return;
    this.#ended = true;
    if (this.#upload) this.#upload.end();
    else this.#tryAgain();
    const late = () => this.fail(new TrickleError('unreachable', `Segment ${this.seq} was not acknowledged in time`));
    this.#stopTimer = this.#owner.clock.after(ACKNOWLEDGE_MS, late);
  }

  #send(upload: Upload, chunk: Uint8Array): boolean {
    this.#consumed ||= chunk.length > 0;
    return upload.write(chunk);
  }

  #attach(upload: Upload): void {
    this.#upload = upload;
    upload.answer.then(
      (answer) => this.#answered(answer),
      (error: TrickleError) => this.#broke(error),
    );
  }

  #answered(answer: Answer): void {
    if (this.#over) return;
    const early = () =>
      new TrickleError('conflict', `Segment ${this.seq} was ended by the server`, { status: answer.status });
    this.#finish(this.#owner.judge(answer) ?? (this.#ended ? undefined : early()));
  }

  #broke(error: TrickleError): void {
    if (this.#over) return;
    if (this.#consumed || this.#second) {
      this.#finish(error);
      return;
    }
    this.#upload = undefined;
    // With nothing to send the second try waits until there is: by then the server may be back.
    if (this.#ended) this.#tryAgain();
  }

  #tryAgain(): void {
    this.#second ??= this.#owner.again().then(
      (upload) => this.#resume(upload),
      (error: TrickleError) => this.#finish(error),
    );
  }

  #resume(upload: Upload): void {
    if (this.#over) {
      upload.abort();
      return;
    }
    this.#attach(upload);
    for (const chunk of this.#held.splice(0)) this.#send(upload, chunk);
    if (this.#ended) upload.end();
  }

  #finish(error: TrickleError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = [];
    this.#stopTimer();
    this.#owner.settled(this, this.#bytes, error);
    this.#settle(error);
  }
}
