/** The books of a session: every line that came, by what became of it, and everything that should have come and did not. */
import type { JsonlReader, Subscription } from '@runnel/pubsub';
import type { ControlAnswer } from './control-status.ts';
import type { MessageBooks, TelemetryBooks } from './dispatch.ts';
import type { PingBooks } from './pings.ts';
import type { StartBook, Starts } from './starts.ts';

/** `lines = telemetry.in + ` all of `messages` (by type, invalid, unknown). */
export interface SessionBooks {
  /** Lines taken, each once. */
  readonly lines: number;
  /** Lines that could not be read, by reason. PROTOCOL.md section 7.1. */
  readonly badLines: Readonly<Record<string, number>>;
  readonly segments: number;
  /** Segments that left the server's window before they were read. */
  readonly segmentsSkipped: number;
  /** New lives of the events channel. */
  readonly discontinuities: number;
  /** Why reading was interrupted last. */
  readonly error: string | undefined;
  readonly telemetry: Readonly<TelemetryBooks>;
  readonly messages: Readonly<MessageBooks> & { readonly handlerFailures: number };
  /** The newest starts of the runner. */
  readonly starts: readonly StartBook[];
  /** Over all of them. */
  readonly sums: Starts['sums'];
  /** What the runner says it dropped, by reason, over its newest starts. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly pings: PingBooks;
  /** `answer`: whether the runner acts by the control state that was asked for. */
  readonly control: { readonly opened: number; readonly requestsWaiting: number; readonly answer: ControlAnswer };
}

/** What the channel itself tells, over all subscriptions of the session. */
export class ChannelBooks {
  lines = 0;
  error: string | undefined;
  #past = { badLines: {} as Record<string, number>, segments: 0, segmentsSkipped: 0, discontinuities: 0 };
  #current: { subscription: Subscription; reader: JsonlReader<unknown> } | undefined;

  /** A subscription begins. */
  reading(subscription: Subscription, reader: JsonlReader<unknown>): void {
    this.#current = { subscription, reader };
  }

  /** A line that no reader counts could not be read. */
  bad(reason: string): void {
    this.#past.badLines[reason] = (this.#past.badLines[reason] ?? 0) + 1;
  }

  /** It has ended: its figures stay. */
  read(): void {
    this.#past = this.#sums();
    this.#current = undefined;
  }

  get books() {
    return { lines: this.lines, error: this.error, ...this.#sums() };
  }

  #sums() {
    const { badLines, segments, segmentsSkipped, discontinuities } = this.#past;
    if (!this.#current) return { badLines: { ...badLines }, segments, segmentsSkipped, discontinuities };
    const { stats } = this.#current.subscription;
    return {
      badLines: added(badLines, this.#current.reader.stats.bad),
      segments: segments + stats.segments,
      segmentsSkipped: segmentsSkipped + stats.skipped,
      discontinuities: discontinuities + stats.discontinuities,
    };
  }
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sums = { ...a };
  for (const [reason, n] of Object.entries(b)) sums[reason] = (sums[reason] ?? 0) + n;
  return sums;
}
