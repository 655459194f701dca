/** Telemetry as the relay and its sinks see it. PROTOCOL.md section 8.3. */

/** One telemetry event, built once at its origin and forwarded as it is. */
export interface Envelope {
  /** The event's `id`, or undefined where the runner gave none. Stable through every retry: consumers may de-duplicate by it. */
  readonly id: string | undefined;
  /** The event's JSON, byte for byte as it came, UTF-8, without a line feed. A part of memory that others read too: not to be changed or transferred. */
  readonly bytes: Uint8Array;
  /** The session it belongs to. */
  readonly session: string;
  /** How it reached the relay: over a channel, or handed over in the same process. */
  readonly relayedVia: 'trickle' | 'local';
  /** When the relay got it, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** A relayed event as it is parsed for routing and for people; everything beyond these members is the caller's. */
export interface TelemetryEvent {
  readonly id?: string;
  readonly type?: string;
  readonly timestamp?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether `event` can be relayed: an object with a `data` object, whose `id`, if any, is a string. The conditions of EGRESS 1.15, no schema: this is the hot path. */
export function isTelemetryEvent(event: unknown): event is TelemetryEvent {
  return isObject(event) && isObject(event.data) && (event.id === undefined || typeof event.id === 'string');
}
