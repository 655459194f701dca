/** The channel's head as its publisher knows it: which seq is next, and in which life of the channel. PROTOCOL.md sections 4.6 and 9. */
import { Header, Status, type TrickleError } from '@runnel/protocol';
import type { Channel } from './connection.ts';
import type { Answer } from './transport.ts';
import { isClosed, refusal, seqOf } from './verdict.ts';

export class Head {
  readonly #channel: Channel;
  readonly #mime: string;
  readonly #create: boolean;
  #next: number | undefined;
  #opened: number | undefined;
  #epoch: string | undefined;
  #lives = 0;

  constructor(channel: Channel, { mime, create }: { mime: string; create: boolean }) {
    this.#channel = channel;
    this.#mime = mime;
    this.#create = create;
  }

  /** The seq to open next. Undefined: the server has to be asked. */
  get next(): number | undefined {
    return this.#next;
  }

  /** The seq that was opened last. */
  get opened(): number | undefined {
    return this.#opened;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** How often the epoch changed. */
  get lives(): number {
    return this.#lives;
  }

  /** Whether nothing was written yet on a channel that has a history: then the first POST is to say Reset. */
  get takesOver(): boolean {
    return this.#opened === undefined && this.#next !== undefined && this.#next > 0;
  }

  /**
   * Asks the server for the head, the first time after creating the channel, if that is wanted. Where it has no answer to give, it is the seq after
   * the last one, or 0. Rejects TrickleError `closed`, `refused`, `not_found` for a channel that is not there and that we may not make, or what the create met with.
   */
  async find(signal: AbortSignal): Promise<number> {
    const first = this.#opened === undefined;
    let made = this.#create && first ? await this.#createChannel(signal) : undefined;
    const answer = await this.#channel.head(signal).catch((error: TrickleError) => {
      if (error.code === 'unreachable') return undefined;
      throw error;
    });
    if (answer && (isClosed(answer) || answer.status === Status.unavailable)) {
      throw refusal(answer, `Asking for the head of ${this.#channel}`);
    }
    const gone = answer?.status === Status.notFound;
    if (gone && this.#create && !first) made = await this.#createChannel(signal);
    // What were posted now would go nowhere, and look as if it had been written until the answer is there.
    if (answer && gone && made === false) throw refusal(answer, `Asking for the head of ${this.#channel}`);
    if (answer?.status === Status.ok) this.learn(answer);
    const said = answer?.status === Status.ok ? seqOf(answer, Header.latest) : undefined;
    const next = gone ? 0 : (said ?? (this.#opened === undefined ? 0 : this.#opened + 1));
    this.#next = next;
    return next;
  }

  /** A segment was opened there. False if the head has moved elsewhere meanwhile. */
  pass(seq: number): boolean {
    this.#opened = seq;
    if (this.#next !== seq) return false;
    this.#next = seq + 1;
    return true;
  }

  /** A segment that nobody wrote to was ended by the server. */
  skip(seq: number, answer: Answer): void {
    if (this.#next === seq) this.#next = Math.max(seqOf(answer, Header.latest) ?? 0, seq + 1);
  }

  /** Takes from an answer what it says of the head. */
  learn(answer: Answer): void {
    if (answer.status === Status.conflict) this.#next = Math.max(seqOf(answer, Header.latest) ?? 0, this.#next ?? 0);
    if (answer.status === Status.unavailable) this.#next = undefined;
    const epoch = answer.header(Header.epoch);
    if (epoch === undefined || epoch === this.#epoch) return;
    if (this.#epoch !== undefined) {
      this.#lives++;
      this.#next = undefined;
    }
    this.#epoch = epoch;
  }

  /** Nothing is certain any more. */
  lose(): void {
    this.#next = undefined;
  }

  /** False if that is not for us to do: then somebody else has made it, or will. */
  async #createChannel(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#channel.create(this.#mime, signal);
    if (answer.status === Status.notFound) return false;
    if (answer.status !== Status.ok) throw refusal(answer, `Creating ${this.#channel}`);
    this.learn(answer);
    return true;
  }
}
