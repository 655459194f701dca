/** OTLP logs in the JSON encoding: one log record an envelope, with its data as the body. EGRESS section 5. */
import type { TelemetryEvent } from '@runnel/protocol';
import { eventType, text } from '../event.ts';
import { type AnyValue, fromAnyValue, toAnyValue } from './any-value.ts';
import { type Codec, encodeEach, type Read } from './codec.ts';

/** The members of ExportLogsServiceRequest that this codec writes. */
interface LogsRequest {
  readonly resourceLogs: readonly ResourceLogs[];
}

interface ResourceLogs {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scopeLogs: readonly { readonly scope: { readonly name: string }; readonly logRecords: LogRecord[] }[];
}

interface LogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano: string;
  readonly eventName?: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly traceId?: string;
  readonly spanId?: string;
  readonly flags?: number;
}

type KeyValue = { readonly key: string; readonly value: AnyValue };

const UID = 'log.record.uid';
/** Holds the envelope's text where the record does not say it to the byte: other members, spaces, numbers that JavaScript cannot hold. */
const VERBATIM = 'runnel.envelope';

/** The record's time is the envelope's timestamp, its observed time when the relay got it; `data.traceparent` becomes its trace context. */
export function otlpLogsCodec(): Codec {
  return {
    contentType: 'application/json',
    encode(batch) {
      const { forms, refused } = encodeEach(batch, toRecord);
      const request: LogsRequest = { resourceLogs: grouped(forms) };
      return { body: Buffer.from(JSON.stringify(request)), refused };
    },
    decode(body) {
      const { resourceLogs } = JSON.parse(Buffer.from(body).toString()) as LogsRequest;
      const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
      return records.map(fromRecord);
    },
  };
}

interface Form {
  readonly resource: readonly KeyValue[];
  readonly record: LogRecord;
}

/** Neighbours of one resource share a group, and only neighbours: the order of the envelopes stays. */
function grouped(forms: readonly Form[]): ResourceLogs[] {
  const groups: ResourceLogs[] = [];
  let records: LogRecord[] = [];
  let last = '';
  for (const { resource, record } of forms) {
    const name = JSON.stringify(resource);
    if (groups.length === 0 || name !== last) {
      records = [];
      groups.push({
        resource: { attributes: resource },
        scopeLogs: [{ scope: { name: 'runnel' }, logRecords: records }],
      });
    }
    records.push(record);
    last = name;
  }
  return groups;
}

function toRecord({ envelope, event }: Read): Form {
  const { value: body, exact } = toAnyValue(event.data);
  const nanos = toNanos(event.timestamp);
  const verbatim = Buffer.from(envelope.bytes).toString();
  const said =
    exact && event.id?.isWellFormed() !== false && JSON.stringify(usual(event.id, nanos, event.data)) === verbatim;
  const record: LogRecord = {
    ...(nanos && { timeUnixNano: nanos }),
    observedTimeUnixNano: `${Math.trunc(envelope.receivedAt)}000000`,
    eventName: (eventType(event) ?? 'unknown').toWellFormed(),
    body,
    attributes: attributes({
      [UID]: event.id,
      'session.id': text(event, 'session_id') ?? envelope.session,
      correlation_id: text(event, 'correlation_id'),
      [VERBATIM]: said ? undefined : verbatim,
    }),
    ...traceContext(text(event, 'traceparent')),
  };
  const resource = attributes({
    'service.name': text(event, 'client_source') ?? 'unknown_service',
    'service.instance.id': text(event, 'connection_id'),
  });
  return { resource, record };
}

function fromRecord({ attributes, timeUnixNano, body }: LogRecord): Uint8Array {
  const said = (name: string) => attributes.find(({ key }) => key === name)?.value.stringValue;
  return Buffer.from(said(VERBATIM) ?? JSON.stringify(usual(said(UID), timeUnixNano, fromAnyValue(body))));
}

/** An envelope as PROTOCOL.md section 8.3 builds it. */
function usual(id: string | undefined, nanos: string | undefined, data: unknown): object {
  const timestamp = nanos === undefined ? {} : { timestamp: nanos.slice(0, -6) };
  return { ...(id !== undefined && { id }), type: 'stream_trace', ...timestamp, data };
}

/** Milliseconds as nanoseconds, where they are a number above 0 that 64 bits hold. */
function toNanos(timestamp: TelemetryEvent['timestamp']): string | undefined {
  return typeof timestamp === 'string' && /^[1-9]\d{0,12}$/.test(timestamp) ? `${timestamp}000000` : undefined;
}

function attributes(values: Record<string, string | undefined>): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: { stringValue: value.toWellFormed() } }],
  );
}

/** W3C Trace Context, version 00; all zeros mean that there is none. */
function traceContext(traceparent: string | undefined): Pick<LogRecord, 'traceId' | 'spanId' | 'flags'> {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return {};
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}
