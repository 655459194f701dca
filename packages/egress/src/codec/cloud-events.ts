/** CloudEvents 1.0 in the JSON batch format, with each envelope's `data` byte for byte. EGRESS section 5. */
import { createHash } from 'node:crypto';
import { eventType, text } from '../event.ts';
import { type Codec, encodeEach, type Read } from './codec.ts';
import { elements, joined, member } from './json-bytes.ts';

export interface CloudEventsCodecOptions {
  /** What comes before the connection id in `source`. Default `/scope`. */
  readonly source?: string;
}

/** The context attributes that this codec writes; all of them strings. */
interface Attributes {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time?: string;
  readonly subject?: string;
  readonly datacontenttype: 'application/json';
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly traceparent?: string;
  /** The bytes of the envelope before and after its data, base64url, where the other attributes do not say them. */
  readonly runnelframe?: string;
}

/**
 * `type` is `live.daydream.scope.<event type>`, `subject` the session, `time` the envelope's timestamp. An envelope without an id gets the hash of its
 * bytes as one, so that it stays the same through every attempt. What an attribute cannot say, such as a type with control characters, is only in `data`.
 */
export function cloudEventsCodec({ source = '/scope' }: CloudEventsCodecOptions = {}): Codec {
  return {
    contentType: 'application/cloudevents-batch+json',
    encode(batch) {
      const { forms, refused } = encodeEach(batch, (read) => toCloudEvent(read, source));
      return { body: joined('[', forms, ']'), refused };
    },
    decode(body) {
      JSON.parse(Buffer.from(body).toString());
      return elements(body).map(fromCloudEvent);
    },
  };
}

function toCloudEvent(read: Read, prefix: string): Uint8Array {
  const { event, envelope } = read;
  const data = member(envelope.bytes, 'data') as Uint8Array;
  const attributes: Attributes = {
    specversion: '1.0',
    id: attribute(event.id) ?? createHash('sha256').update(envelope.bytes).digest('base64url'),
    source: `${prefix}/${encodeURIComponent((text(event, 'connection_id') ?? 'runner').toWellFormed())}`,
    type: `live.daydream.scope.${attribute(eventType(event)) ?? 'unknown'}`,
    ...some('time', rfc3339(event.timestamp)),
    ...some('subject', attribute(text(event, 'session_id') ?? envelope.session)),
    datacontenttype: 'application/json',
    ...some('correlationid', attribute(text(event, 'correlation_id'))),
    ...some('causationid', attribute(text(event, 'causation_id'))),
    ...some('traceparent', attribute(text(event, 'traceparent'))),
  };
  const frame = some('runnelframe', frameOf(envelope.bytes, data, attributes));
  return joined(`${JSON.stringify({ ...attributes, ...frame }).slice(0, -1)},"data":`, [data], '}');
}

function fromCloudEvent(bytes: Uint8Array): Uint8Array {
  const attributes = JSON.parse(Buffer.from(bytes).toString()) as Attributes;
  const [before, after] = attributes.runnelframe?.split('.').map((part) => Buffer.from(part, 'base64url')) ?? [];
  const data = member(bytes, 'data') as Uint8Array;
  return Buffer.concat([before ?? Buffer.from(usualFrame(attributes)), data, after ?? Buffer.from('}')]);
}

/** What stands around `data`, unless the attributes say it. */
function frameOf(bytes: Uint8Array, data: Uint8Array, attributes: Attributes): string | undefined {
  const start = data.byteOffset - bytes.byteOffset;
  const before = Buffer.from(bytes.subarray(0, start));
  const after = Buffer.from(bytes.subarray(start + data.length));
  if (before.equals(Buffer.from(usualFrame(attributes))) && after.toString() === '}') return undefined;
  return `${before.toString('base64url')}.${after.toString('base64url')}`;
}

/** What an envelope that is built as PROTOCOL.md section 8.3 says has before its data. */
function usualFrame({ id, time }: Attributes): string {
  const timestamp = time === undefined ? '' : `"timestamp":"${Date.parse(time)}",`;
  return `{"id":${JSON.stringify(id)},"type":"stream_trace",${timestamp}"data":`;
}

function some<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: string });
}

/** CloudEvents 1.0, section 3.2: no control characters, no noncharacters, no lone surrogates; and an attribute is not empty. */
const impossible = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

function attribute(value: string | undefined): string | undefined {
  return value === undefined || value === '' || impossible.test(value) ? undefined : value;
}

/** Most milliseconds since 1970 that RFC 3339 can say: the end of the year 9999. */
const LATEST_MS = 253_402_300_799_999;

function rfc3339(timestamp: string | undefined): string | undefined {
  const ms = Number(timestamp);
  if (typeof timestamp !== 'string' || String(ms) !== timestamp || !(ms >= 0 && ms <= LATEST_MS)) return undefined;
  return Number.isInteger(ms) ? new Date(ms).toISOString() : undefined;
}
