/** How envelopes become the body of a request, and envelopes again. EGRESS section 5. */
import type { Envelope, SendReport, TelemetryEvent } from '@runnel/protocol';
import { readEvent } from '../event.ts';

export interface Codec {
  /** The media type of the body. */
  readonly contentType: string;
  /** Bytes that an envelope adds to the body beside its own, where that is the same for all: a batch is then cut to the limit before it is encoded. */
  readonly overheadBytes?: number;
  /** One body of all envelopes that have a form in this codec, in order; the others are refused, with the reason. */
  encode(batch: readonly Envelope[]): Encoded;
  /** The bytes of the envelopes that `encode` took: exactly what it was given. Throws a SyntaxError if `body` is none of this codec's. */
  decode(body: Uint8Array): Uint8Array[];
}

export interface Encoded {
  readonly body: Uint8Array;
  readonly refused: Refusals;
}

export type Refusals = NonNullable<SendReport['refused']>;

/** An envelope and what it says. */
export interface Read {
  readonly envelope: Envelope;
  readonly event: TelemetryEvent;
}

/** Puts every envelope that is an event through `write`, which answers with its form or with the reason why it has none. */
export function encodeEach<Form extends object>(
  batch: readonly Envelope[],
  write: (read: Read) => Form | string,
): { forms: Form[]; refused: Refusals } {
  const forms: Form[] = [];
  const refused: { place: number; reason: string }[] = [];
  for (const [place, envelope] of batch.entries()) {
    const event = readEvent(envelope.bytes);
    const form = event ? write({ envelope, event }) : 'malformed';
    if (typeof form === 'string') refused.push({ place, reason: form });
    else forms.push(form);
  }
  return { forms, refused };
}
