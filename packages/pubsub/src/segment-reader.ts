/** One segment while it is read: a body, and what is left of it asked for once more when it is cut. */
import { Header } from '@runnel/protocol';
import type { Silence } from './silence.ts';
import type { Answer } from './transport.ts';

/** Iterate it at most once. Whoever asks the subscription for the next segment has let go of this one. */
export interface SegmentReader extends AsyncIterable<Uint8Array> {
  readonly seq: number;
  readonly epoch: string | undefined;
  /** Empty segments have none. */
  readonly contentType: string | undefined;
  /** Known after the body: the segment is not whole, because its publisher died, or because we were cut off for good. */
  readonly aborted: boolean;
  /** Segments missed since the one before. */
  readonly skippedBefore: number;
  /** The first segment after the channel began a new life. */
  readonly discontinuity: boolean;
}

/** What a reader asks of its subscription. */
export interface ReaderOwner {
  /** The same segment once more, since it was cut or fell silent; undefined if it is not to be had. */
  again(why: 'cut' | 'silent'): Promise<Answer | undefined>;
  /** Watches a body that was asked for anew so many times in a row because it was silent. */
  watch(timesSilent: number, onSilence: () => void): Silence;
  bytes(count: number): void;
  /** Called once, at the end. */
  ended(how: 'whole' | 'aborted' | 'cut'): void;
}

export class Reader implements SegmentReader {
  readonly seq: number;
  readonly epoch: string | undefined;
  readonly contentType: string | undefined;
  readonly skippedBefore: number;
  readonly discontinuity: boolean;
  readonly #owner: ReaderOwner;
  #answer: Answer;
  #aborted: boolean;
  #state: 'fresh' | 'reading' | 'over' = 'fresh';

  constructor(
    answer: Answer,
    place: { seq: number; epoch: string | undefined; skippedBefore: number; discontinuity: boolean },
    owner: ReaderOwner,
  ) {
    this.seq = place.seq;
    this.epoch = place.epoch;
    this.skippedBefore = place.skippedBefore;
    this.discontinuity = place.discontinuity;
    this.contentType = answer.header('Content-Type');
    this.#answer = answer;
    this.#aborted = answer.header(Header.aborted) !== undefined;
    this.#owner = owner;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#state !== 'fresh') return;
    this.#state = 'reading';
    try {
      yield* this.#read();
    } finally {
      this.release();
    }
  }

  /** Lets go of what was not read. */
  release(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#answer.cancel();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    let had = 0;
    let wasCut = false;
    let timesSilent = 0;
    for (;;) {
      let skip = had;
      const silence = this.#owner.watch(timesSilent, () => this.#answer.cancel());
      try {
        for await (const chunk of this.#answer.body) {
          silence.heard();
          const fresh = skip === 0 ? chunk : chunk.subarray(skip);
          skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          had += fresh.length;
          timesSilent = 0;
          this.#owner.bytes(fresh.length);
          silence.handedOut();
          yield fresh;
          silence.heard();
        }
        if (!silence.isOver) return this.#over(skip > 0 ? 'cut' : this.#wasAborted() ? 'aborted' : 'whole');
      } catch {
        // Cut short, for whatever reason: the second try says more.
      } finally {
        silence.stop();
      }
      const mayAsk = this.#reading && (silence.isOver || !wasCut);
      const answer = mayAsk ? await this.#owner.again(silence.isOver ? 'silent' : 'cut') : undefined;
      if (!this.#reading) answer?.cancel();
      if (!answer || !this.#reading) return this.#over('cut');
      if (silence.isOver) timesSilent++;
      else wasCut = true;
      this.#answer = answer;
    }
  }

  get #reading(): boolean {
    return this.#state === 'reading';
  }

  #wasAborted(): boolean {
    return (this.#answer.header(Header.aborted) ?? this.#answer.trailer(Header.aborted)) !== undefined;
  }

  #over(how: 'whole' | 'aborted' | 'cut'): void {
    this.#aborted = how !== 'whole';
    if (this.#reading) {
      this.#state = 'over';
      this.#owner.ended(how);
    }
  }
}
