/** The GETs of a subscription: for a segment, for the one after it ahead of time, and for the rest of a body that was cut or fell silent. PROTOCOL.md section 9. */
import { Header, Status } from '@runnel/protocol';
import type { Channel } from './connection.ts';
import { Silence } from './silence.ts';
import type { Answer } from './transport.ts';
import { seqOf } from './verdict.ts';
import { waitingGet } from './waiting-get.ts';

/** A body that was cut, or fell silent, is asked for again; the answer is there at once or not at all. */
const RESUME_MS = 5_000;
/** From 20 s to five minutes. */
const MOST_DOUBLINGS = 4;

export class Requests {
  reAsks = 0;
  resumed = 0;
  readonly #channel: Channel;
  readonly #reAskMs: number;
  readonly #signal: AbortSignal;
  #ahead: Promise<Answer> | undefined;

  /** Everything ends when `signal` aborts, but for the one ahead: that is dropped. */
  constructor(channel: Channel, reAskMs: number, signal: AbortSignal) {
    this.#channel = channel;
    this.#reAskMs = reAskMs;
    this.#signal = signal;
  }

  /** The answer that was asked for ahead of time, else that to `part`. */
  take(part: number | string): Promise<Answer> {
    const asked = this.#ahead ?? this.#get(part);
    this.#ahead = undefined;
    return asked;
  }

  /** Asks for what `take` hands out next. */
  askAhead(seq: number): void {
    this.#ahead = this.#get(seq);
    // It may fail long before it is its turn.
    this.#ahead.catch(() => {});
  }

  /** The same segment of the same life once more, if it is to be had at once. */
  async resume(seq: number, epoch: string | undefined, why: 'cut' | 'silent'): Promise<Answer | undefined> {
    try {
      const answer = await this.#channel.within(RESUME_MS, this.#signal, (signal) => this.#channel.get(seq, signal));
      const sameSeq = (seqOf(answer, Header.seq) ?? seq) === seq;
      const sameLife = (answer.header(Header.epoch) ?? epoch) === epoch;
      if (answer.status === Status.ok && sameSeq && sameLife) {
        if (why === 'cut') this.resumed++;
        else this.reAsks++;
        return answer;
      }
      answer.cancel();
    } catch {
      // The segment stays cut and is counted so; if the server is away, the next request will say it.
    }
    return undefined;
  }

  /** A body that keeps silent is asked for less and less often, since all that was had of it comes again. */
  watch(timesSilent: number, onSilence: () => void): Silence {
    return new Silence(this.#channel.clock, this.#reAskMs * 2 ** Math.min(timesSilent, MOST_DOUBLINGS), onSilence);
  }

  /** Lets go of the one ahead. */
  drop(): void {
    this.#ahead?.then(
      (answer) => answer.cancel(),
      () => {},
    );
  }

  #get(part: number | string): Promise<Answer> {
    const onReAsk = () => {
      this.reAsks++;
    };
    return waitingGet(this.#channel, part, this.#signal, { reAskMs: this.#reAskMs, onReAsk });
  }
}
