/** One GET attached to a segment: a place in its frames, and the answer that is withheld until the first byte. PROTOCOL.md section 3.4. */
import type { Channel } from './channel.ts';
import type { Exchange } from './exchange.ts';
import { bytesOf, type Frame } from './frame.ts';
import { type Head, segmentHead, TRAILER } from './heads.ts';
import type { Segment } from './segment.ts';

/** Where the bytes of a GET leave: a Node response, or a web stream. */
export interface Outlet {
  /** Sends status and headers, and the text if there is one. */
  start(head: Head): void;
  /** Sends bytes; false means wait for `drained`. */
  write(frame: Frame): boolean;
  /** Ends the answer, with trailers where the head announced them. */
  end(trailers?: Record<string, string>): void;
  /** Breaks the connection, so that the far end knows it did not get everything. */
  cut(): void;
}

/** What an outlet tells its reader. */
export interface OutletEvents {
  drained(): void;
  /** Everything was sent, or the far end hung up. */
  gone(): void;
}

export class Reader implements OutletEvents {
  readonly channel: Channel;
  readonly segment: Segment;
  /** The head when the request came; undefined for one that waits. */
  readonly latest: number | undefined;
  /** Its place in `segment.readers`. */
  slot = -1;
  #outlet: Outlet;
  #at = 0;
  /** Bytes of the frame at that place which it has already. */
  #skip = 0;
  #started = false;
  #ended = false;
  #blocked = false;
  #gone = false;

  constructor(channel: Channel, segment: Segment, request: Pick<Exchange, 'outlet'>) {
    this.channel = channel;
    this.segment = segment;
    this.latest = segment.state === 'fresh' ? undefined : channel.head;
    segment.attach(this);
    channel.readers++;
    channel.core.readers.add();
    this.#outlet = request.outlet(this);
    this.pump();
  }

  /** Whether it was handed all bytes there will be. */
  get done(): boolean {
    return this.#ended || this.#gone;
  }

  /** Hands over what the far end takes, and the end once there is no more. */
  pump(): void {
    if (this.done) return;
    const { frames } = this.segment;
    while (!this.#blocked && this.#at < frames.length) this.#write(this.#rest(frames[this.#at++] as Frame));
    if (this.segment.finished && this.#at === frames.length) this.#end();
  }

  /** The frames from place `from` on, which are `frames`, become one. */
  joined(from: number, frames: readonly Frame[]): void {
    if (this.#at <= from) return;
    const had = this.#at - from;
    const hadAll = had === frames.length;
    this.#at = hadAll ? from + 1 : from;
    this.#skip = hadAll ? 0 : bytesOf(frames.slice(0, had));
  }

  drained(): void {
    this.#blocked = false;
    this.pump();
  }

  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.segment.detach(this);
    this.channel.core.readers.remove();
    this.channel.readerLeft(this.segment);
  }

  cut(): void {
    this.#outlet.cut();
    this.gone();
  }

  #rest(frame: Frame): Frame {
    if (this.#skip === 0) return frame;
    const bytes = frame.bytes.subarray(this.#skip);
    this.#skip = 0;
    return { bytes };
  }

  #write(frame: Frame): void {
    this.#start();
    this.channel.core.counters.bytesOut += frame.bytes.length;
    this.#blocked = !this.#outlet.write(frame);
  }

  #end(): void {
    const announced = this.#started;
    this.#start();
    this.#ended = true;
    this.#outlet.end(announced && this.segment.state === 'aborted' ? TRAILER : undefined);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#outlet.start(segmentHead(this));
  }
}
