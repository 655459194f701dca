/** The way of a statement to the runner: written when it can be, and an answer waited for. PROTOCOL.md section 8.6. */
import type { Clock } from '@runnel/protocol';
import type { ControlChannel } from './control-channel.ts';

export interface DeliveryOptions {
  /** Undefined where there is none: nothing is sent then. */
  readonly channel: ControlChannel | undefined;
  readonly clock: Clock;
  /** Nobody answered in time, or no channel would take it. */
  readonly onUnanswered: () => void;
}

/** From a statement's leaving to the end of the wait for an answer. */
const ANSWER_MS = 5_000;
/** Reports of a runner that does not answer bring the statement again, seldomer each time, but not more seldom than this. */
const AGAIN_MOST_MS = 300_000;

/** One statement at most is on its way. After `stop` there is no timer. */
export class Delivery {
  readonly #options: DeliveryOptions;
  #sending = new AbortController();
  #cancelAnswer = () => {};
  /** Times in a row that there was no answer, and until when reports bring no other statement. */
  #unanswered = 0;
  #quietUntil = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Sends what `message` makes when it can be written. What was not sent yet is out of date by this. */
  send(message: () => object): void {
    this.stop();
    this.#sending = new AbortController();
    const { signal } = this.#sending;
    this.#options.channel?.send(message, signal).then(
      () => this.#sent(signal),
      // Aborted, that is, or else no channel would take it: it was checked, so nobody foresaw that.
      () => this.#miss(signal),
    );
  }

  /** Nothing is sent or waited for any more: there is an answer, or no need of one. */
  stop(): void {
    this.#sending.abort();
    this.#cancelAnswer();
  }

  /** The next report may bring a statement at once. */
  forgive(): void {
    this.#unanswered = 0;
    this.#quietUntil = 0;
  }

  /** Whether a report is to bring no other statement yet. */
  get quiet(): boolean {
    return this.#options.clock.now() < this.#quietUntil;
  }

  #sent(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#cancelAnswer = this.#options.clock.after(ANSWER_MS, () => this.#miss(signal));
  }

  #miss(signal: AbortSignal): void {
    if (signal.aborted) return;
    const { clock, onUnanswered } = this.#options;
    this.#quietUntil = clock.now() + Math.min(ANSWER_MS * 2 ** this.#unanswered++, AGAIN_MOST_MS);
    onUnanswered();
  }
}
