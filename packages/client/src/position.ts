/** Where a session stands in its events channel, and the lines that a new subscription must pass over. HOUSE: the byte's path, steps 11 and 12. */
import type { JsonlLine } from '@runnel/pubsub';

/** All that is needed to go on reading where reading stopped. Kept by the journal, in one transaction with the envelopes read up to here. */
export interface Position {
  /** The life of the events channel, undefined with a server that names none. */
  readonly channelEpoch: string | undefined;
  /** The segment being read. */
  readonly segment: number;
  /** Lines of that segment that are dealt with. */
  readonly lines: number;
  /** The newest start of the runner. */
  readonly telemetry: TelemetryPosition | undefined;
}

export interface TelemetryPosition {
  readonly epoch: string;
  /** The last that arrived. */
  readonly seq: number;
  /** How many of its events arrived. */
  readonly received: number;
  /** How many did not, of those before the first that did, and of those since. */
  readonly missed: { readonly before: number; readonly gap: number };
}

/** Follows a session through its channel. The bytes of a segment never change within a channel's epoch, so a count of lines is a place in it. */
export class Place {
  #epoch: string | undefined;
  #segment: number | undefined;
  #lines = 0;
  #toPass = 0;

  constructor(from: Position | undefined) {
    if (!from) return;
    this.#epoch = from.channelEpoch;
    this.#segment = from.segment;
    this.#lines = from.lines;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  get segment(): number | undefined {
    return this.#segment;
  }

  get lines(): number {
    return this.#lines;
  }

  /**
   * A new subscription begins at `segment`. Without an epoch its bytes may be others than before, so nothing is passed over then. The one before may have
   * ended short of where the one before that was.
   */
  rejoin(): void {
    this.#toPass = this.#epoch === undefined ? 0 : Math.max(this.#lines, this.#toPass);
    this.#lines = 0;
  }

  /** The channel has ended and all of it was read: go on behind the last segment. */
  finish(): void {
    if (this.#segment === undefined) return;
    this.#segment++;
    this.#lines = 0;
    this.#toPass = 0;
  }

  /** Moves on by one line; false if it was dealt with before the session rejoined. */
  enter(line: Pick<JsonlLine, 'epoch' | 'seq'>): boolean {
    if (line.seq !== this.#segment || line.epoch !== this.#epoch) {
      this.#epoch = line.epoch;
      this.#segment = line.seq;
      this.#lines = 0;
      this.#toPass = 0;
    }
    this.#lines++;
    return this.#lines > this.#toPass;
  }
}
