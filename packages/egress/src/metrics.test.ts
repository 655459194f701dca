import { hostname } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { envelope, envelopeOf } from '../test/envelopes.ts';
import { type ScriptedServer, scriptedServer } from '../test/scripted-server.ts';
import { metricsSink } from './metrics.ts';

const signal = new AbortController().signal;
let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(() => server.stop());

const events = () => (JSON.parse(server.received[0]?.body ?? '') as { events: unknown[] }).events;

test('EGRESS 2.3: posts {app, host, events} with the key as bearer', async () => {
  await metricsSink({ key: 'k', url: server.url }).send([envelope('a')], signal);
  const { body, headers } = await server.request(1);
  expect(headers).toMatchObject({ authorization: 'Bearer k', 'content-type': 'application/json' });
  const data = { type: 'stream_heartbeat', client_source: 'scope', timestamp: '1700000000000' };
  const events = [{ type: 'stream_heartbeat', data, id: 'a', timestamp: '1700000000000' }];
  expect(body).toBe(JSON.stringify({ app: 'scope', host: hostname(), events }));
});

test('EGRESS 2.2: the type is that of the data, else the outer one, else unknown', async () => {
  const texts = ['{"type":"outer","data":{"type":"inner"}}', '{"type":"outer","data":{}}', '{"data":{"type":""}}'];
  await metricsSink({ key: 'k', url: server.url }).send(
    texts.map((text) => envelopeOf(text)),
    signal,
  );
  expect(events()).toMatchObject([{ type: 'inner' }, { type: 'outer' }, { type: 'unknown' }]);
});

test('EGRESS 2.2: an absent id or timestamp is left out, a timestamp that is a number becomes a string', async () => {
  const texts = ['{"data":{"type":"t"}}', '{"id":"i","timestamp":1700000000000,"data":{"type":"t"}}'];
  await metricsSink({ key: 'k', url: server.url }).send(
    texts.map((text) => envelopeOf(text)),
    signal,
  );
  expect(events()).toEqual([
    { type: 't', data: { type: 't' } },
    { type: 't', data: { type: 't' }, id: 'i', timestamp: '1700000000000' },
  ]);
});

test('EGRESS 5 verbatim: data stands in the body byte for byte', async () => {
  const data = '{ "b":1.0,"2":12345678901234567890, "1":"\\u00e9 é" }';
  await metricsSink({ key: 'k', url: server.url }).send([envelopeOf(`{"id":"i","data":${data}}`)], signal);
  expect(server.received[0]?.body).toContain(`"data":${data},"id":"i"}`);
});

test('EGRESS 2.10: what the API would refuse a whole batch for is refused alone: a type or an id over 128 characters', async () => {
  const long = 'x'.repeat(129);
  const batch = [envelope('a'), envelope(long), envelope('b', { type: long }), envelope('x'.repeat(128))];
  const report = await metricsSink({ key: 'k', url: server.url }).send(batch, signal);
  expect(report?.refused).toEqual([
    { place: 1, reason: 'id is longer than 128 characters' },
    { place: 2, reason: 'type is longer than 128 characters' },
  ]);
  expect(events()).toMatchObject([{ id: 'a' }, { id: 'x'.repeat(128) }]);
});

test("EGRESS 2.4: asks for the API's batches, interval and rate", () => {
  expect(metricsSink({ key: 'k' }).traits).toMatchObject({
    order: 'all',
    maxBatch: 500,
    maxBytes: 1_000_000,
    flushMs: 2000,
    requestsPerMinute: 30,
  });
});
