/** What a line of an events channel is, and who gets it: telemetry becomes envelopes, everything else goes to handlers. PROTOCOL.md section 8.1. */
import { type Envelope, type EventMessage, eventMessage, NETWORK_EVENT, TELEMETRY } from '@runnel/protocol';
import type { JsonlLine } from '@runnel/pubsub';
import type { EventLine } from './event-line.ts';
import type { Latency } from './latency.ts';
import type { Replays } from './replay.ts';

/** `in = relayed + malformed + replay + withheld`. */
export interface TelemetryBooks {
  in: number;
  /** Handed to the journal. */
  relayed: number;
  /** With an `event` that is none. EGRESS 1.15. */
  malformed: number;
  /** Came before. */
  replay: number;
  /** Without consent. EGRESS 1.23. */
  withheld: number;
}

export interface MessageBooks {
  /** The types are the protocol's, so there are few. */
  byType: Partial<Record<EventMessage['type'], number>>;
  /** Of a known type, with fields that are not what PROTOCOL.md says. */
  invalid: number;
  /** Of a type that this client does not know, or of none. */
  unknown: number;
}

export interface DispatchOptions {
  readonly session: string;
  readonly replays: Replays;
  /** Asked for each envelope before it goes to the journal. */
  readonly allows: (envelope: Envelope) => boolean;
  readonly latency: Latency;
  /** Where counting goes on. */
  readonly from: { readonly telemetry: TelemetryBooks; readonly messages: MessageBooks } | undefined;
  readonly onMessage: (message: EventMessage) => void;
}

const messageTypes: ReadonlySet<unknown> = new Set(eventMessage.options.map((option) => option.shape.type.value));

/** Sorts the lines of one session. Nothing that a line holds makes it throw. */
export class Dispatch {
  readonly telemetry: TelemetryBooks;
  readonly messages: MessageBooks;
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.telemetry = { in: 0, relayed: 0, malformed: 0, replay: 0, withheld: 0, ...options.from?.telemetry };
    this.messages = options.from?.messages ?? { byType: {}, invalid: 0, unknown: 0 };
  }

  /** Takes one line, which came at that time by the wall clock; returns the envelope if it is telemetry that is new and well formed. */
  take(line: JsonlLine<EventLine>, receivedAt: number): Envelope | undefined {
    const { type } = line.value;
    if (type === TELEMETRY || type === NETWORK_EVENT) return this.#telemetry(line, receivedAt);
    this.#message(line.value.message);
    return undefined;
  }

  #telemetry(line: JsonlLine<EventLine>, receivedAt: number): Envelope | undefined {
    this.telemetry.in++;
    const { event } = line.value;
    if (this.#options.replays.has(line, event?.id)) {
      this.telemetry.replay++;
      return undefined;
    }
    if (!event) {
      this.telemetry.malformed++;
      return undefined;
    }
    const { session, allows, latency } = this.#options;
    const bytes = line.value.eventBytes;
    const envelope: Envelope = { id: event.id, bytes, session, relayedVia: 'trickle', receivedAt };
    latency.record(event.timestamp, receivedAt);
    if (!allows(envelope)) {
      this.telemetry.withheld++;
      return undefined;
    }
    this.telemetry.relayed++;
    return envelope;
  }

  #message(value: Readonly<Record<string, unknown>>): void {
    if (!messageTypes.has(value.type)) {
      this.messages.unknown++;
      return;
    }
    const { data: message } = eventMessage.safeParse(value);
    if (!message) {
      this.messages.invalid++;
      return;
    }
    const { byType } = this.messages;
    byType[message.type] = (byType[message.type] ?? 0) + 1;
    this.#options.onMessage(message);
  }
}
