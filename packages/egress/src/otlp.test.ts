import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { envelope, envelopeOf, textOf } from '../test/envelopes.ts';
import { type ScriptedServer, scriptedServer } from '../test/scripted-server.ts';
import { otlpLogsCodec } from './codec/index.ts';
import { otlpSink } from './otlp.ts';

/** OpenTelemetry's own generated definitions of the protocol, as far as this test uses them. */
interface Definition {
  verify(message: unknown): string | null;
  fromObject(message: unknown): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): Record<string, unknown>;
}
const generated = createRequire(import.meta.url)('otlp-definitions/build/src/generated/root.js');
const Request: Definition = generated.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;

const signal = new AbortController().signal;
let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(() => server.stop());

/** As protobuf's own JSON has it: ids in base64 where OTLP has hex, and no empty lists. */
function protobufJson(key: string, value: unknown): unknown {
  if (key === 'values' && Array.isArray(value) && value.length === 0) return undefined;
  if (key !== 'traceId' && key !== 'spanId') return value;
  return Buffer.from(String(value), 'hex').toString('base64');
}

/** The request through OpenTelemetry's definitions: read as JSON, written as protobuf, read again. What they do not know would be gone. */
function throughProtobuf(body: string): unknown {
  const message = Request.fromObject(JSON.parse(body, protobufJson));
  const bytes = Request.encode(message).finish();
  return Request.toObject(Request.decode(bytes), { longs: String, bytes: String });
}

test('EGRESS 5 OTLP: OpenTelemetry decodes the request, and nothing of it is unknown to it', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const data = { session_id: 's1', connection_id: 'c1', correlation_id: 'x', traceparent };
  const odd = { list: [1, 1.5, true, null, 'é', {}, []], big: Number.MAX_SAFE_INTEGER, over: 2 ** 60 };
  const batch = [envelope('a', data), envelope('b', odd), envelopeOf('{"data":{}}')];
  await otlpSink({ url: server.url }).send(batch, signal);
  const { body, headers } = await server.request(1);
  expect(headers['content-type']).toBe('application/json');
  const decoded = throughProtobuf(body);
  expect(decoded).toEqual(JSON.parse(body, protobufJson));
  const back = otlpLogsCodec().decode(Buffer.from(JSON.stringify(decoded)));
  expect(back.map((bytes) => textOf({ bytes }))).toEqual(batch.map(textOf));
});

test('EGRESS 5 OTLP: the record says what the mapping says', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const data = { session_id: 's1', connection_id: 'c1', correlation_id: 'x', traceparent };
  await otlpSink({ url: server.url }).send([envelope('a', data)], signal);
  const { resourceLogs } = JSON.parse(server.received[0]?.body ?? '');
  const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  expect(resourceLogs[0].resource.attributes).toEqual([
    string('service.name', 'scope'),
    string('service.instance.id', 'c1'),
  ]);
  expect(resourceLogs[0].scopeLogs[0].logRecords[0]).toMatchObject({
    timeUnixNano: '1700000000000000000',
    observedTimeUnixNano: '1700000000123000000',
    eventName: 'stream_heartbeat',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    flags: 1,
    attributes: [string('log.record.uid', 'a'), string('session.id', 's1'), string('correlation_id', 'x')],
    body: { kvlistValue: { values: expect.arrayContaining([string('session_id', 's1')]) } },
  });
});

test.each([
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'nonsense',
])('EGRESS 5 OTLP: a traceparent that is none gives no trace context: %s', async (traceparent) => {
  await otlpSink({ url: server.url }).send([envelope('a', { traceparent })], signal);
  expect(server.received[0]?.body).not.toContain('traceId');
});

test('EGRESS 5 OTLP: neighbours of one runner share a resource, and the order stays', async () => {
  const of = (id: string, connection_id: string) => envelope(id, { connection_id });
  await otlpSink({ url: server.url }).send([of('a', '1'), of('b', '1'), of('c', '2'), of('d', '1')], signal);
  const { resourceLogs } = JSON.parse(server.received[0]?.body ?? '');
  const sizes = resourceLogs.map(
    (each: { scopeLogs: { logRecords: unknown[] }[] }) => each.scopeLogs[0]?.logRecords.length,
  );
  expect(sizes).toEqual([2, 1, 1]);
});

const partial = (rejectedLogRecords: unknown, errorMessage = 'no room') =>
  ({ status: 200, body: JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage } }) }) as const;

test('EGRESS 6.5: a partial success counts what was refused, without sending any of it again', async () => {
  server.script(partial('2'));
  const report = await otlpSink({ url: server.url }).send(
    ['a', 'b', 'c'].map((id) => envelope(id)),
    signal,
  );
  expect(report).toEqual({ refused: [], unnamed: { count: 2, reason: 'no room' } });
});

test('a server that compresses unless it is told not to is told, so that its partial success is read', async () => {
  server.answer(({ headers }) => {
    const { status, body } = partial(1);
    const plain = headers['accept-encoding'] === 'identity';
    return plain ? { status, body } : { status, body: gzipSync(body), headers: { 'content-encoding': 'gzip' } };
  });
  const sink = otlpSink({ url: server.url, headers: { 'Accept-Encoding': 'gzip' } });
  const report = await sink.send([envelope('a'), envelope('b')], signal);
  expect(report).toMatchObject({ unnamed: { count: 1, reason: 'no room' } });
});

test('EGRESS 6.5: when all were rejected each of them is, beside those that never went out', async () => {
  server.script(partial(2));
  const report = await otlpSink({ url: server.url }).send([envelope('a'), envelopeOf('broken'), envelope('b')], signal);
  expect(report).toEqual({
    refused: [
      { place: 0, reason: 'no room' },
      { place: 1, reason: 'malformed' },
      { place: 2, reason: 'no room' },
    ],
  });
});

test('a partial success that rejects nothing is a warning, and a body that is no answer acknowledges', async () => {
  server.script(partial(0), { status: 200, body: '' }, { status: 202, body: '<html>' });
  const sink = otlpSink({ url: server.url });
  for (let round = 0; round < 3; round++) expect(await sink.send([envelope('a')], signal)).toEqual({ refused: [] });
});
