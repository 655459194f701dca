/** One open POST of a segment. PROTOCOL.md section 3.2. */
import type { Block } from './blocks.ts';
import type { Channel } from './channel.ts';
import type { Exchange } from './exchange.ts';
import { acknowledged, type Head, writerCutOff } from './heads.ts';
import type { Ending, Segment } from './segment.ts';

/** Where the bytes of a POST come from, and where its answer goes: a Node request, or a web request. */
export interface Inlet {
  pause(): void;
  resume(): void;
  /** Tells proxies that the request is alive. */
  provisional(): void;
  /** Answers. `early`: the body has not ended; what still comes is discarded and the connection closes. */
  answer(head: Head, early: boolean): void;
}

/** What an inlet tells its writer. */
export interface InletEvents {
  /** Bytes of the body. With `block`, in which they are, they are good only for the time of the call unless it is kept. */
  push(chunk: Buffer, block?: Block): void;
  end(): void;
  die(): void;
}

export class Writer implements InletEvents {
  readonly channel: Channel;
  readonly segment: Segment;
  #inlet: Inlet;
  #waiting = true;
  #done = false;

  constructor(channel: Channel, segment: Segment, request: Pick<Exchange, 'inlet'>) {
    this.channel = channel;
    this.segment = segment;
    channel.join(this);
    channel.core.provisional.add(this);
    this.#inlet = request.inlet(this);
    channel.core.ledger.enlist(this);
  }

  push(chunk: Buffer, block?: Block): void {
    if (this.#done) this.channel.core.counters.discardedBytes += chunk.length;
    else if (chunk.length > 0) {
      this.#heard();
      this.channel.append(this.segment, chunk, block);
    }
  }

  /** The body ended. */
  end(): void {
    if (!this.#leave()) return;
    this.channel.left(this, true);
    this.#inlet.answer(acknowledged(this.channel, this.segment.seq), false);
  }

  /** The connection broke before the body ended. */
  die(): void {
    if (!this.#leave()) return;
    this.channel.core.counters.deadWriters++;
    this.channel.left(this, false);
  }

  /** The segment was ended under it. */
  cutOff(ending: Ending): void {
    if (!this.#leave()) return;
    this.channel.left(this, false);
    this.#inlet.answer(writerCutOff(this.channel, this.segment.seq, ending), true);
  }

  pause(): void {
    this.#inlet.pause();
  }

  resume(): void {
    this.#inlet.resume();
  }

  /** It has waited for its first byte for so long that proxies may lose patience. */
  provisional(): void {
    this.#inlet.provisional();
    this.channel.core.stillProvisional.add(this);
  }

  #heard(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    const { provisional, stillProvisional } = this.channel.core;
    if (!provisional.delete(this)) stillProvisional.delete(this);
  }

  #leave(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#heard();
    this.channel.core.ledger.dismiss(this);
    return true;
  }
}
