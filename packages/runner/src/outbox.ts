/** All that leaves a runner: its queues, the loop that empties them, and the counters. PROTOCOL.md sections 8.1 to 8.4. */
import { type Clock, type ControlInForce, pause } from '@runnel/protocol';
import type { Books } from './books.ts';
import { telemetryLine } from './channel.ts';
import { Drain, type Outlet } from './drain.ts';
import { envelopeWriter, type Identity } from './envelope.ts';
import type { Gate } from './gate.ts';
import type { Rest } from './last-words.ts';
import { Messages } from './messages.ts';
import { type Overflow, Telemetry } from './telemetry.ts';

export interface OutboxOptions {
  readonly clock: Clock;
  readonly epoch: string;
  readonly identity: Identity;
  readonly gate: Gate;
  readonly buffer: number;
  readonly overflow: Overflow;
  readonly maxEventBytes: number;
  /** Whose control state is in force. */
  readonly inForce: () => ControlInForce | undefined;
  /** Undefined where there is neither channel nor sink: then everything is counted and refused. */
  readonly outlet: Outlet | undefined;
  /** Told of each event that cannot be written, and why. */
  readonly onUnwritable?: ((reason: string, type: string) => void) | undefined;
  /** Most bytes of a message. Default: the event cap. */
  readonly maxMessageBytes?: number | undefined;
  /** Whether the outlet takes messages, or envelopes alone. */
  readonly takesMessages: boolean;
}

export class Outbox {
  readonly telemetry: Telemetry;
  readonly messages: Messages;
  #refusedFields = 0;
  readonly #options: OutboxOptions;
  readonly #drain: Drain | undefined;

  constructor(options: OutboxOptions) {
    const { clock, gate, buffer, overflow, maxEventBytes, identity, outlet } = options;
    const write = envelopeWriter(identity, () => this.#refusedFields++);
    const onWork = () => this.#drain?.wake();
    this.#options = options;
    this.telemetry = new Telemetry({
      clock,
      gate,
      capacity: buffer,
      overflow,
      maxEventBytes,
      write,
      onUnwritable: options.onUnwritable,
      onWork,
    });
    this.messages = new Messages(onWork, options.maxMessageBytes);
    if (!options.takesMessages) this.messages.refuse();
    if (outlet === undefined) this.telemetry.refuse('no_channel');
    else this.#drain = new Drain({ ...this, outlet, losses: (last) => this.#losses(last) });
  }

  get books(): Books {
    const { telemetry, messages } = this;
    return {
      emitted: telemetry.emitted,
      written: telemetry.written,
      pending: telemetry.pending,
      dropped: telemetry.dropped.toObject(),
      withheld: { ...this.#options.gate.withheld },
      refusedFields: this.#refusedFields,
      messages: {
        queued: messages.queued,
        written: messages.written,
        pending: messages.pending,
        dropped: messages.dropped.toObject(),
        withheld: messages.withheld,
      },
    };
  }

  /** Whether the user agrees. If not, nothing of telemetry leaves from now on, but for what a connection has got already. */
  consent(given: boolean): void {
    this.telemetry.consent(given);
    if (!given) this.#drain?.recall();
  }

  /** Has the report of losses written, in its newest form. */
  reportLosses(): void {
    this.#drain?.reportLosses();
  }

  /** Refuses what comes from now on, sends what is queued and a last report, and closes the outlet; all within `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    const { clock, outlet } = this.#options;
    this.telemetry.refuse('shutdown');
    this.messages.refuse();
    if (this.#drain === undefined || outlet === undefined) return;
    const until = clock.now() + deadlineMs;
    // A third of the time is kept for the outlet to have what it was given acknowledged.
    await within(clock, (deadlineMs * 2) / 3, this.#drain.finish());
    this.#drain.abandon();
    const leftMs = Math.max(0, until - clock.now());
    await within(clock, leftMs, outlet.close(leftMs));
    await this.#drain.giveUp();
  }

  /** All that has not left, as lines, with a last report that takes them as written; undefined if nothing is left. Nothing is taken in afterwards. */
  rest(): Rest | undefined {
    const { telemetry, messages } = this;
    if (this.#drain === undefined || (telemetry.pending === 0 && messages.pending === 0)) return undefined;
    telemetry.refuse('shutdown');
    messages.refuse();
    const lines: string[] = [];
    while (messages.waiting) lines.push(...messages.take());
    const events = telemetry.takeRest();
    for (const { seq, json } of events) lines.push(telemetryLine(this.#options.epoch, seq, json));
    telemetry.settle(events.length, 'shutdown');
    return { lines: [...lines, this.#losses(true)], events: events.length };
  }

  /** PROTOCOL.md section 8.4. The one message that is built when it is written, so that it tells the state at that moment. */
  #losses(last: boolean): string {
    const { epoch, gate, inForce } = this.#options;
    const { emitted, written, dropped } = this.telemetry;
    const withheld = Object.fromEntries(Object.entries(gate.withheld).filter(([, count]) => count > 0));
    return JSON.stringify({
      type: 'losses',
      epoch,
      emitted,
      written,
      dropped: dropped.toObject(),
      withheld: Object.keys(withheld).length > 0 ? withheld : undefined,
      control: inForce(),
      last: last || undefined,
    });
  }
}

/** Resolves with `done`, or after `ms` without it. Whoever waits for a close may have nothing else that keeps the process alive. */
async function within(clock: Clock, ms: number, done: Promise<void>): Promise<void> {
  const patience = new AbortController();
  await Promise.race([done, pause(clock, ms, patience.signal, { keepAlive: true })]);
  patience.abort();
}
