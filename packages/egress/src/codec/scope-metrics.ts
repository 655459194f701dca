/** The body of the metrics API: `{app, host, events: [{type, data, id?, timestamp?}]}`. EGRESS 2.2 and 2.3, TRICKLE.md section 7.5. */
import { hostname } from 'node:os';
import { eventType } from '../event.ts';
import { type Codec, encodeEach, type Read } from './codec.ts';
import { elements, joined, member } from './json-bytes.ts';

export interface ScopeMetricsCodecOptions {
  /** Default `scope`. */
  readonly app?: string;
  /** Default: this machine's name. */
  readonly host?: string;
}

/** Most characters that the API takes in `type` and in `id`. */
const MOST_CHARACTERS = 128;

/**
 * Maps to what the metrics API takes; `data` stands in it byte for byte. The API has no place for the outer `type` beside that of the data, for members
 * other than id, type, timestamp and data, or for their order: envelopes as PROTOCOL.md section 8.3 builds them come back whole from `decode`, others
 * in that form. Refuses types and ids over 128 characters, which the API would answer with a 400 for the whole batch.
 */
export function scopeMetricsCodec({ app = 'scope', host = hostname() }: ScopeMetricsCodecOptions = {}): Codec {
  const open = `{"app":${JSON.stringify(app)},"host":${JSON.stringify(host)},"events":[`;
  return {
    contentType: 'application/json',
    encode(batch) {
      const { forms, refused } = encodeEach(batch, toMetric);
      return { body: joined(open, forms, ']}'), refused };
    },
    decode(body) {
      JSON.parse(Buffer.from(body).toString());
      const events = member(body, 'events');
      if (!events) throw new SyntaxError('there are no events in it');
      return elements(events).map(fromMetric);
    },
  };
}

function toMetric({ envelope: { bytes }, event }: Read): Buffer | string {
  const type = eventType(event) ?? 'unknown';
  if (type.length > MOST_CHARACTERS) return `type is longer than ${MOST_CHARACTERS} characters`;
  if (event.id && event.id.length > MOST_CHARACTERS) return `id is longer than ${MOST_CHARACTERS} characters`;
  const parts = [Buffer.from(`{"type":${JSON.stringify(type)},"data":`), member(bytes, 'data') as Uint8Array];
  if (event.id) parts.push(Buffer.from(',"id":'), member(bytes, 'id') as Uint8Array);
  if (event.timestamp) parts.push(Buffer.from(`,"timestamp":`), timestamp(bytes, event.timestamp));
  return Buffer.concat([...parts, Buffer.from('}')]);
}

/** A timestamp that is no string, against the specification, becomes one. */
function timestamp(bytes: Uint8Array, value: unknown): Uint8Array {
  return typeof value === 'string'
    ? (member(bytes, 'timestamp') as Uint8Array)
    : Buffer.from(JSON.stringify(String(value)));
}

function fromMetric(metric: Uint8Array): Uint8Array {
  const event = JSON.parse(Buffer.from(metric).toString()) as { type: string; data: Record<string, unknown> };
  const outer = event.data.type === event.type ? 'stream_trace' : event.type;
  const ids = ['id', 'timestamp'].map((name) => [name, member(metric, name)] as const);
  const parts: Uint8Array[] = [];
  for (const [name, value] of [ids[0], ['type', Buffer.from(JSON.stringify(outer))], ids[1]] as typeof ids) {
    if (value) parts.push(joined(`"${name}":`, [value], ''));
  }
  return joined('{', [...parts, joined('"data":', [member(metric, 'data') as Uint8Array], '')], '}');
}
