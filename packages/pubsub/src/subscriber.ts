/** Reads a channel's segments in order, the next one asked for before it is needed, and counts what it missed. PROTOCOL.md section 9. */
import {
  type Clock,
  Header,
  NEXT,
  parseSeq,
  pause,
  SEQ_CURRENT,
  SEQ_NEXT,
  SEQ_OLDEST,
  Status,
  TrickleError,
} from '@runnel/protocol';
import { abortError, childOf } from './abort.ts';
import { backoffMs } from './backoff.ts';
import { ASK_MS, Channel, type Connection } from './connection.ts';
import { Reader, type SegmentReader } from './segment-reader.ts';
import type { Answer } from './transport.ts';
import { waitingGet } from './waiting-get.ts';

export interface SubscribeOptions extends Connection {
  /**
   * `current`: the segment being written, else the last one. `next`: the next write. `oldest`: all that is kept. A seq. `-N`: the
   * N-th from the head. `oldest` and `-N` from 3 on need a server that knows them; the Go server does not. Default `current`.
   */
  readonly from?: 'next' | 'current' | 'oldest' | number;
  /** The life of the channel that the seq in `from` belongs to. In another life the subscription starts at the oldest segment. */
  readonly epoch?: string;
  /** A channel that does not exist yet is waited for, and then read from its first segment on. Default false. */
  readonly waitForChannel?: boolean;
  /** A request that waits is made anew after this long. Default 20,000. */
  readonly reAskMs?: number;
  /** Failures in a row after which the subscription gives up, 0.25 to 5 s apart. Default 30, which is about two minutes; Infinity never gives up. */
  readonly retries?: number;
}

/** Why a subscription is over. `ended`: the channel has ended. `never_existed`: it was not there. `gave_up`: too many failures. `aborted`: by its owner. */
export type SubscriptionEnd = 'ended' | 'never_existed' | 'gave_up' | 'aborted';

export interface SubscriberStats {
  readonly segments: number;
  readonly bytes: number;
  /** Segments that were gone, or never written, before we could read them. */
  readonly skipped: number;
  /** New lives of the channel: the position before them was void. */
  readonly discontinuities: number;
  /** Segments whose publisher died. */
  readonly aborted: number;
  /** Segments whose rest could not be had. */
  readonly cut: number;
  /** Bodies that broke off and were gone on with. */
  readonly resumed: number;
  readonly reAsks: number;
  readonly retries: number;
}

export interface Subscription extends AsyncIterable<SegmentReader> {
  readonly stats: SubscriberStats;
  /** Undefined while it lives. Iteration ends without an error, whatever this says. */
  readonly end: SubscriptionEnd | undefined;
  /** The last failure, or what ended it. */
  readonly error: TrickleError | undefined;
  close(): void;
}

const AGAIN_MS = 250;
const RETRY_MOST_MS = 5_000;
const POLL_MOST_MS = 2_000;
/** Retry-After is believed up to this. */
const RETRY_AFTER_MOST_MS = 60_000;
/** From a server without epochs: a head far below us, so often and over so long, is a restarted server. */
const RESTART_SIGNS = 3;
const RESTART_MS = 2_000;
/** How many finished segments the Go server keeps. */
const GO_WINDOW = 4;
/** A body that was cut is asked for again; the answer is there at once or not at all. */
const RESUME_MS = 5_000;

/**
 * A subscription to one channel; iterate it once. Nothing is read ahead of the one who iterates but the next segment's head. It is
 * closed by `close`, by `signal`, or by leaving the loop. Throws TrickleError `invalid` for a URL that is none. PROTOCOL.md sections 3.4 and 9.
 */
export function subscribe(channelUrl: string, options: SubscribeOptions = {}): Subscription {
  return new TrickleSubscription(channelUrl, options);
}

class TrickleSubscription implements Subscription {
  readonly stats = {
    segments: 0,
    bytes: 0,
    skipped: 0,
    discontinuities: 0,
    aborted: 0,
    cut: 0,
    resumed: 0,
    reAsks: 0,
    retries: 0,
  };
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #life: ReturnType<typeof childOf>;
  readonly #waitForChannel: boolean;
  readonly #reAskMs: number;
  readonly #retries: number;
  /** The seq to ask for. `next` until the head is known: asking for -1 twice could miss what was written in between. */
  #wanted: number | typeof NEXT;
  #epoch: string | undefined;
  /** Whether the channel may have begun another life unseen. A request for a seq that the new life has yet to write would wait, and not say so. */
  #lifeUnsure = true;
  #pending: Promise<Answer> | undefined;
  #reader: Reader | undefined;
  #iterated = false;
  #seen = false;
  #polls = 0;
  #failures = 0;
  /** 470 in a row. */
  #misses = 0;
  #restartSigns: { count: number; since: number } | undefined;
  #skippedBefore = 0;
  #discontinuity = false;
  #end: SubscriptionEnd | undefined;
  #error: TrickleError | undefined;

  constructor(channelUrl: string, options: SubscribeOptions) {
    this.#channel = new Channel(channelUrl, options);
    this.#clock = this.#channel.clock;
    this.#wanted = startOf(options.from ?? 'current');
    this.#epoch = options.epoch;
    this.#waitForChannel = options.waitForChannel ?? false;
    this.#reAskMs = options.reAskMs ?? 20_000;
    this.#retries = options.retries ?? 30;
    this.#life = childOf(options.signal ?? new AbortController().signal);
    this.#life.signal.addEventListener('abort', () => this.#aborted(), { once: true });
    if (this.#life.signal.aborted) this.#aborted();
  }

  get end(): SubscriptionEnd | undefined {
    return this.#end;
  }

  get error(): TrickleError | undefined {
    return this.#error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SegmentReader> {
    if (this.#iterated) throw new TrickleError('invalid', 'A subscription is iterated once');
    this.#iterated = true;
    try {
      for (;;) {
        const reader = await this.#next();
        if (!reader) return;
        yield reader;
        reader.release();
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#life.abort(new TrickleError('aborted', 'The subscription is closed'));
  }

  async #next(): Promise<Reader | undefined> {
    while (this.#end === undefined) {
      try {
        if (this.#lifeUnsure && !(await this.#sameLife())) continue;
        const reader = await this.#read(await this.#take());
        if (reader) return reader;
      } catch (error) {
        if (this.#end === undefined) await this.#failed(error as TrickleError);
      }
    }
    return undefined;
  }

  /** Asks which life the channel is in, where a seq of a known life is wanted. False if the place to go on from is another now. */
  async #sameLife(): Promise<boolean> {
    if (this.#epoch !== undefined && this.#wanted !== NEXT && this.#wanted >= 0) {
      const answer = await this.#channel.within(ASK_MS, this.#life.signal, (signal) => this.#channel.get(NEXT, signal));
      answer.cancel();
      const epoch = answer.header(Header.epoch);
      if (answer.status === Status.notFound) return this.#missing();
      if (this.#isOther(epoch)) this.#startAgain(epoch, SEQ_OLDEST);
    }
    this.#lifeUnsure = false;
    return true;
  }

  #take(): Promise<Answer> {
    const taken = this.#pending ?? this.#get(this.#wanted);
    this.#pending = undefined;
    return taken;
  }

  #get(part: number | string): Promise<Answer> {
    const onReAsk = () => {
      this.stats.reAsks++;
    };
    const asked = waitingGet(this.#channel, part, this.#life.signal, { reAskMs: this.#reAskMs, onReAsk });
    // A preconnected GET may fail long before it is its turn.
    asked.catch(() => {});
    return asked;
  }

  /** What an answer means: a segment to hand out, or undefined when there is to be another request. Throws for a failure. */
  async #read(answer: Answer): Promise<Reader | undefined> {
    if (answer.status !== Status.ok || answer.header(Header.closed) !== undefined) answer.cancel();
    if (this.#end !== undefined) answer.cancel();
    else if (answer.header(Header.closed) !== undefined) this.#finish('ended');
    else if (answer.status === Status.notFound) await this.#missing();
    else if (answer.status === Status.notInWindow) await this.#missed(answer);
    else if (this.#wanted === NEXT) this.#located(answer);
    else if (answer.status === Status.ok) return this.#segment(answer, this.#wanted);
    else throw new Failure(answer, `${answer.status} from ${this.#channel}`);
    return undefined;
  }

  #located(answer: Answer): void {
    answer.cancel();
    if (answer.status >= 500) throw new Failure(answer, `${answer.status} from ${this.#channel}`);
    const head = answer.status === Status.ok ? seqOf(answer, Header.latest) : undefined;
    // Servers from before `next` was there.
    this.#wanted = head ?? SEQ_NEXT;
    if (head === undefined) return;
    this.#seen = true;
    this.#epoch ??= answer.header(Header.epoch);
  }

  #segment(answer: Answer, wanted: number): Reader | undefined {
    const seq = seqOf(answer, Header.seq) ?? (wanted >= 0 ? wanted : undefined);
    if (seq === undefined || seq < wanted) {
      answer.cancel();
      throw new Failure(answer, `${this.#channel} answered ${wanted} with ${answer.header(Header.seq) ?? 'no seq'}`);
    }
    const epoch = answer.header(Header.epoch);
    if (wanted >= 0 && this.#isOther(epoch)) {
      answer.cancel();
      return this.#startAgain(epoch, SEQ_OLDEST);
    }
    this.#arrived(epoch);
    if (wanted >= 0) this.#skip(seq - wanted);
    this.#wanted = seq + 1;
    if (answer.header(Header.skipped) !== undefined) {
      answer.cancel();
      this.#skip(1);
      return undefined;
    }
    this.#pending = this.#get(seq + 1);
    return this.#handOut(answer, seq);
  }

  #handOut(answer: Answer, seq: number): Reader {
    const place = { seq, epoch: this.#epoch, skippedBefore: this.#skippedBefore, discontinuity: this.#discontinuity };
    this.#skippedBefore = 0;
    this.#discontinuity = false;
    this.stats.segments++;
    this.#reader = new Reader(answer, place, {
      again: (one) => this.#resume(one, place.epoch),
      bytes: (count) => {
        this.stats.bytes += count;
      },
      ended: (how) => {
        if (how !== 'whole') this.stats[how]++;
      },
    });
    return this.#reader;
  }

  /** The same segment of the same life, if it is to be had at once. */
  async #resume(seq: number, epoch: string | undefined): Promise<Answer | undefined> {
    try {
      const answer = await this.#channel.within(RESUME_MS, this.#life.signal, (signal) =>
        this.#channel.get(seq, signal),
      );
      const place = [seqOf(answer, Header.seq) ?? seq, answer.header(Header.epoch) ?? epoch];
      const same = answer.status === Status.ok && place[0] === seq && place[1] === epoch;
      if (same) this.stats.resumed++;
      else answer.cancel();
      return same ? answer : undefined;
    } catch {
      // The segment stays cut and is counted so; if the server is away, the next request will say it.
      return undefined;
    }
  }

  /** 404. What is there later is another life. */
  async #missing(): Promise<false> {
    this.#lifeUnsure = true;
    if (this.#seen || !this.#waitForChannel) {
      this.#finish(this.#seen ? 'ended' : 'never_existed');
      return false;
    }
    // Whatever is written once the channel exists is written after we asked.
    if (this.#wanted === NEXT || this.#wanted < 0) this.#wanted = 0;
    this.#failures = 0;
    await this.#pause(backoffMs(++this.#polls, AGAIN_MS, POLL_MOST_MS));
    return false;
  }

  /** 470: the window has moved on, or we are ahead of it. */
  async #missed(answer: Answer): Promise<void> {
    const latest = seqOf(answer, Header.latest);
    const epoch = answer.header(Header.epoch);
    const wanted = this.#wanted;
    if (latest === undefined || wanted === NEXT) throw new Failure(answer, `470 without a head from ${this.#channel}`);
    this.#seen = true;
    this.#failures = 0;
    if (wanted >= 0 && this.#isOther(epoch)) return void this.#startAgain(epoch, SEQ_OLDEST);
    const waitMs = this.#misses++ > 0 ? AGAIN_MS : 0;
    // The Go server knows no place further back than the current segment, and says so in this way (or breaks the connection off).
    if (wanted < SEQ_CURRENT && epoch === undefined) {
      this.#wanted = SEQ_CURRENT;
      return this.#pause(waitMs);
    }
    if (latest >= wanted) {
      if (wanted >= 0) this.#skip(latest - wanted);
      this.#wanted = latest;
      return this.#pause(latest === wanted ? AGAIN_MS : waitMs);
    }
    if (latest < wanted - 1 && (epoch === undefined || this.#epoch === undefined) && this.#looksRestarted()) {
      return void this.#startAgain(epoch, epoch === undefined ? Math.max(0, latest - GO_WINDOW) : SEQ_OLDEST);
    }
    await this.#pause(latest === wanted - 1 ? AGAIN_MS : RESTART_MS / (RESTART_SIGNS - 1));
  }

  #looksRestarted(): boolean {
    const now = this.#clock.now();
    this.#restartSigns ??= { count: 0, since: now };
    this.#restartSigns.count++;
    return this.#restartSigns.count >= RESTART_SIGNS && now - this.#restartSigns.since >= RESTART_MS;
  }

  #isOther(epoch: string | undefined): boolean {
    return epoch !== undefined && this.#epoch !== undefined && epoch !== this.#epoch;
  }

  #startAgain(epoch: string | undefined, from: number): undefined {
    this.stats.discontinuities++;
    this.#discontinuity = true;
    this.#epoch = epoch;
    this.#wanted = from;
    this.#restartSigns = undefined;
  }

  #arrived(epoch: string | undefined): void {
    this.#epoch = epoch ?? this.#epoch;
    this.#seen = true;
    this.#failures = 0;
    this.#misses = 0;
    this.#restartSigns = undefined;
  }

  #skip(count: number): void {
    this.stats.skipped += count;
    this.#skippedBefore += count;
  }

  async #failed(error: TrickleError): Promise<void> {
    this.#error = error;
    this.#lifeUnsure = true;
    if (++this.#failures > this.#retries) return this.#finish('gave_up');
    this.stats.retries++;
    const askedMs = error instanceof Failure ? error.retryAfterMs : 0;
    await this.#pause(Math.max(askedMs, backoffMs(this.#failures, AGAIN_MS, RETRY_MOST_MS)));
  }

  #pause(ms: number): Promise<void> {
    return ms > 0 ? pause(this.#clock, ms, this.#life.signal) : Promise.resolve();
  }

  #finish(end: SubscriptionEnd): void {
    this.#end ??= end;
  }

  #aborted(): void {
    if (this.#end === undefined) this.#error = abortError(this.#life.signal);
    this.#finish('aborted');
    this.#life.release();
    this.#reader?.release();
    this.#pending?.then(
      (answer) => answer.cancel(),
      () => {},
    );
  }
}

/** An answer that is none we can use. */
class Failure extends TrickleError {
  readonly retryAfterMs: number;

  constructor(answer: Answer, message: string) {
    const refused = answer.status === Status.unavailable || (answer.status >= 400 && answer.status < 500);
    super(refused ? 'refused' : 'unreachable', message, { status: answer.status });
    const seconds = Number(answer.header('Retry-After') ?? Number.NaN);
    this.retryAfterMs = seconds >= 0 ? Math.min(seconds * 1000, RETRY_AFTER_MOST_MS) : 0;
  }
}

function startOf(from: 'next' | 'current' | 'oldest' | number): number | typeof NEXT {
  if (from === 'next' || from === SEQ_NEXT) return NEXT;
  if (from === 'current') return SEQ_CURRENT;
  if (from === 'oldest') return SEQ_OLDEST;
  if (parseSeq(String(from)) === undefined) throw new TrickleError('invalid', `Not a seq: ${from}`);
  return from;
}

function seqOf(answer: Answer, name: string): number | undefined {
  const seq = parseSeq(answer.header(name) ?? '');
  return seq !== undefined && seq >= 0 ? seq : undefined;
}
