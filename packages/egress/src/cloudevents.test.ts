import { type CloudEvent, HTTP } from 'cloudevents';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { envelope, envelopeOf } from '../test/envelopes.ts';
import { type ScriptedServer, scriptedServer } from '../test/scripted-server.ts';
import { cloudEventsSink } from './cloudevents.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(() => server.stop());

/** What the CloudEvents SDK makes of the request that this batch becomes; it throws on what is no valid event. */
async function received(...batch: ReturnType<typeof envelope>[]): Promise<CloudEvent<Record<string, unknown>>[]> {
  await cloudEventsSink({ url: server.url }).send(batch, new AbortController().signal);
  const { headers, body } = await server.request(1);
  const events = HTTP.toEvent<Record<string, unknown>>({ headers, body });
  if (!Array.isArray(events)) throw new Error('the SDK sees no batch');
  for (const event of events as CloudEvent<Record<string, unknown>>[]) event.validate();
  return events as CloudEvent<Record<string, unknown>>[];
}

test('EGRESS 5 CloudEvents: the SDK reads the batch, with every attribute of the mapping', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const data = { session_id: 's1', connection_id: 'c 1', correlation_id: 'x', causation_id: 'y', traceparent };
  const [first, second] = await received(envelope('a', data), envelope('b'));
  expect(first).toMatchObject({
    specversion: '1.0',
    id: 'a',
    source: '/scope/c%201',
    type: 'live.daydream.scope.stream_heartbeat',
    time: '2023-11-14T22:13:20.000Z',
    subject: 's1',
    datacontenttype: 'application/json',
    correlationid: 'x',
    causationid: 'y',
    traceparent,
    data: { ...data, type: 'stream_heartbeat', client_source: 'scope', timestamp: '1700000000000' },
  });
  expect(second).toMatchObject({ id: 'b', source: '/scope/runner', subject: 'demo' });
  expect(first).not.toHaveProperty('runnelframe');
});

test('EGRESS 5 CloudEvents: strange envelopes are valid events too, with an id that stays the same', async () => {
  const strange = [
    '{"data":{}}',
    '{"id":"","timestamp":"soon","data":{"type":"a\\u0000b","session_id":"\\ud800"}}',
    '{ "extra":1, "data":{"connection_id":"\\udfff"}, "id":"\\u0007" }',
  ].map((text) => envelopeOf(text));
  const events = await received(...strange);
  expect(events.map(({ type }) => type)).toEqual(Array(3).fill('live.daydream.scope.unknown'));
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  await cloudEventsSink({ url: server.url }).send(strange, new AbortController().signal);
  expect(server.received[1]?.body).toBe(server.received[0]?.body);
});
