/** Reads a channel's segments in order, the next one asked for before it is needed, and counts what it missed. PROTOCOL.md section 9. */
import { Header, NEXT, pause, Status, TrickleError } from '@runnel/protocol';
import { abortError, childOf } from './abort.ts';
import { Channel, type Connection } from './connection.ts';
import { Patience } from './patience.ts';
import { Place, type Start } from './place.ts';
import { Requests } from './requests.ts';
import { Reader, type SegmentReader } from './segment-reader.ts';
import type { Answer } from './transport.ts';
import { isClosed, seqOf, unusable } from './verdict.ts';

export interface SubscribeOptions extends Connection {
  /**
   * `current`: the segment being written, else the last one. `next`: the next write. `oldest`: all that is kept. A seq. `-N`: the
   * N-th from the head. `oldest` and `-N` from 3 on need a server that knows them; the Go server does not. Default `current`.
   */
  readonly from?: Start;
  /** The life of the channel that the seq in `from` belongs to. In another life the subscription starts at the oldest segment. */
  readonly epoch?: string;
  /** A channel that does not exist yet is waited for, and then read from its first segment on. Default false. */
  readonly waitForChannel?: boolean;
  /** A request that waits is made anew after this long, and one for a body that says nothing after up to twice as long. Default 20,000. */
  readonly reAskMs?: number;
  /** Failures in a row after which the subscription gives up, 0.25 to 1 s apart. Default 150, which is about two minutes; Infinity never gives up. */
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
  /** Requests that waited, and bodies that said nothing, asked for anew. */
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

/**
 * A subscription to one channel; iterate it once. Nothing is read ahead of the one who iterates but the next segment's head. It is
 * closed by `close`, by `signal`, or by leaving the loop. Throws TrickleError `invalid` for a URL that is none. PROTOCOL.md sections 3.4 and 9.
 */
export function subscribe(channelUrl: string, options: SubscribeOptions = {}): Subscription {
  return new TrickleSubscription(channelUrl, options);
}

class TrickleSubscription implements Subscription {
  readonly #channel: Channel;
  readonly #life: ReturnType<typeof childOf>;
  readonly #place: Place;
  readonly #requests: Requests;
  readonly #patience: Patience;
  readonly #waitForChannel: boolean;
  readonly #stats = { segments: 0, bytes: 0, aborted: 0, cut: 0 };
  /** Whether the channel may have begun another life unseen. A request for a seq that the new life has yet to write would wait, and not say so. */
  #lifeUnsure = true;
  #reader: Reader | undefined;
  #iterated = false;
  #seen = false;
  #end: SubscriptionEnd | undefined;
  #error: TrickleError | undefined;

  constructor(channelUrl: string, options: SubscribeOptions) {
    this.#channel = new Channel(channelUrl, options);
    this.#place = new Place(options.from ?? 'current', options.epoch);
    this.#waitForChannel = options.waitForChannel ?? false;
    this.#patience = new Patience(options.retries ?? 150);
    this.#life = childOf(options.signal);
    this.#requests = new Requests(this.#channel, options.reAskMs ?? 20_000, this.#life.signal);
    this.#life.signal.addEventListener('abort', () => this.#aborted(), { once: true });
    if (this.#life.signal.aborted) this.#aborted();
  }

  get stats(): SubscriberStats {
    const { skipped, discontinuities } = this.#place;
    const { reAsks, resumed } = this.#requests;
    return { ...this.#stats, skipped, discontinuities, resumed, reAsks, retries: this.#patience.retries };
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
        const reader = await this.#read(await this.#requests.take(this.#place.wanted));
        if (reader) return reader;
      } catch (error) {
        if (this.#end === undefined) await this.#failed(error as TrickleError);
      }
    }
    return undefined;
  }

  /** Asks which life the channel is in, where a seq of a known life is wanted. False if that is not known yet. */
  async #sameLife(): Promise<boolean> {
    if (this.#place.belongsToLife) {
      const answer = await this.#channel.head(this.#life.signal);
      if (answer.status === Status.notFound) {
        await this.#missing();
        return false;
      }
      this.#place.holdsIn(answer.header(Header.epoch));
    }
    this.#lifeUnsure = false;
    return true;
  }

  /** What an answer means: a segment to hand out, or undefined when there is to be another request. Throws for a failure. */
  async #read(answer: Answer): Promise<Reader | undefined> {
    const good = answer.status === Status.ok && !isClosed(answer) && this.#end === undefined;
    const reader = good ? this.#segment(answer) : undefined;
    if (reader) return reader;
    answer.cancel();
    if (this.#end !== undefined) return undefined;
    if (isClosed(answer)) this.#finish('ended');
    else if (answer.status === Status.notFound) await this.#missing();
    else if (answer.status === Status.notInWindow) await this.#missed(answer);
    else if (answer.status !== Status.ok) this.#other(answer);
    return undefined;
  }

  /** 200. Undefined for one that is handed to nobody: the answer to `next`, a segment that was never written or is of another life. */
  #segment(answer: Answer): Reader | undefined {
    const { wanted } = this.#place;
    const epoch = answer.header(Header.epoch);
    if (wanted === NEXT) return this.#located(answer, epoch);
    if (!this.#place.holdsIn(epoch)) return undefined;
    const seq = seqOf(answer, Header.seq) ?? (wanted >= 0 ? wanted : undefined);
    if (seq !== undefined && this.#place.isBefore(seq)) return undefined;
    if (seq === undefined || !this.#place.arrived(seq, epoch)) {
      answer.cancel();
      throw unusable(answer, `${this.#channel} answered ${wanted} with ${answer.header(Header.seq) ?? 'no seq'}`);
    }
    this.#seen = true;
    this.#patience.answered();
    if (answer.header(Header.skipped) !== undefined) return void this.#place.neverWritten();
    this.#requests.askAhead(seq + 1);
    return this.#handOut(answer, seq);
  }

  #located(answer: Answer, epoch: string | undefined): undefined {
    const head = seqOf(answer, Header.latest);
    this.#seen ||= head !== undefined;
    this.#place.located(head, epoch);
  }

  #handOut(answer: Answer, seq: number): Reader {
    const { epoch } = this.#place;
    this.#stats.segments++;
    this.#reader = new Reader(
      answer,
      { seq, epoch, ...this.#place.news() },
      {
        again: (why) => this.#requests.resume(seq, epoch, why),
        watch: (timesSilent, onSilence) => this.#requests.watch(timesSilent, onSilence),
        bytes: (count) => {
          this.#stats.bytes += count;
        },
        ended: (how) => {
          if (how !== 'whole') this.#stats[how]++;
        },
      },
    );
    return this.#reader;
  }

  /** 404. What is there later is another life. */
  async #missing(): Promise<void> {
    this.#lifeUnsure = true;
    if (this.#seen) return this.#finish('ended');
    if (!this.#waitForChannel) return this.#finish('never_existed');
    this.#place.fromTheBeginning();
    this.#patience.answered();
    await this.#pause(this.#patience.pollMs());
  }

  /** 470: the window has moved on, or we are ahead of it. */
  async #missed(answer: Answer): Promise<void> {
    const latest = seqOf(answer, Header.latest);
    if (latest === undefined) throw unusable(answer, `470 without a head from ${this.#channel}`);
    this.#seen = true;
    this.#patience.answered();
    await this.#pause(this.#place.missed(latest, answer.header(Header.epoch), this.#channel.clock.now()));
  }

  /** No 200, and nothing that trickle knows. */
  #other(answer: Answer): void {
    if (this.#place.wanted !== NEXT || answer.status >= 500)
      throw unusable(answer, `${answer.status} from ${this.#channel}`);
    this.#place.located(undefined, undefined);
  }

  async #failed(error: TrickleError): Promise<void> {
    this.#error = error;
    this.#lifeUnsure = true;
    const ms = this.#patience.retryMs(error);
    if (ms === undefined) return this.#finish('gave_up');
    await this.#pause(ms);
  }

  #pause(ms: number): Promise<void> {
    // Between two requests there is no socket that would keep the process alive.
    return ms > 0 ? pause(this.#channel.clock, ms, this.#life.signal, { keepAlive: true }) : Promise.resolve();
  }

  #finish(end: SubscriptionEnd): void {
    this.#end ??= end;
  }

  #aborted(): void {
    if (this.#end === undefined) this.#error = abortError(this.#life.signal);
    this.#finish('aborted');
    this.#life.release();
    this.#reader?.release();
    this.#requests.drop();
  }
}
