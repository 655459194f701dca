import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SinkError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { envelope, textOf } from '../test/envelopes.ts';
import { type ScriptedServer, type Step, scriptedServer } from '../test/scripted-server.ts';
import { httpSink } from './http.ts';

const signal = new AbortController().signal;
const batch = [envelope('a'), envelope('b')];
let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(() => server.stop());

/** What the sink says to a batch that is answered like that. */
async function saidTo(step: Step, options = {}): Promise<SinkError> {
  server.script(step);
  const error: unknown = await httpSink({ url: server.url, ...options })
    .send(batch, signal)
    .catch((error) => error);
  expect(error).toBeInstanceOf(SinkError);
  return error as SinkError;
}

test('EGRESS 1.5: the generic form sends the bytes as they came, one envelope a line, with the headers it was given', async () => {
  await httpSink({ url: server.url, headers: { 'X-Tenant': 't1' } }).send(batch, signal);
  const { body, headers, method, path } = await server.request(1);
  expect(body).toBe(batch.map((each) => `${textOf(each)}\n`).join(''));
  expect({ method, path }).toEqual({ method: 'POST', path: '/path' });
  expect(headers).toMatchObject({
    'content-type': 'application/x-ndjson',
    'x-tenant': 't1',
    'user-agent': 'runnel-egress',
  });
  expect(headers).not.toHaveProperty('authorization');
});

test('EGRESS 6.8: the same envelopes carry the same Idempotency-Key, others another', async () => {
  const sink = httpSink({ url: server.url });
  for (const each of [batch, batch, [...batch].reverse()]) await sink.send(each, signal);
  const [first, second, third] = server.received.map(({ headers }) => headers['idempotency-key']);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test.each([200, 201, 202, 204, 299])('EGRESS 2.5: a %i acknowledges the batch', async (status) => {
  server.script({ status, body: '' });
  await expect(httpSink({ url: server.url }).send(batch, signal)).resolves.toEqual({ refused: [] });
});

test.each([500, 501, 502, 503, 504, 408, 425])('EGRESS 2.6: a %i is unavailable', async (status) => {
  expect(await saidTo({ status })).toMatchObject({ kind: 'unavailable', status, retryAfterMs: undefined });
});

test.each(['reset', 'half'] as const)(
  'EGRESS 2.6: an answer that is %s is unavailable, whatever its status',
  async (step) => {
    expect(await saidTo(step)).toMatchObject({ kind: 'unavailable', status: undefined });
  },
);

test('EGRESS 2.6: nobody there is unavailable, and the message names the place without its query', async () => {
  await server.stop();
  const sent = httpSink({ url: `${server.url}?token=secret` }).send(batch, signal);
  await expect(sent).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('ECONNREFUSED') });
  await expect(sent).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  await server.start();
});

test('a redirect is not followed: the batch waits, and the message says where to', async () => {
  const error = await saidTo({ status: 308, headers: { location: 'https://elsewhere.example/' } });
  expect(error).toMatchObject({ kind: 'unavailable', status: 308 });
  expect(error.message).toContain('redirects to https://elsewhere.example/');
  expect(server.received).toHaveLength(1);
});

describe('EGRESS 2.7: keys', () => {
  test('EGRESS 2.7: a 401 is unauthorized, a 403 only by policy', async () => {
    expect((await saidTo({ status: 401 })).kind).toBe('unauthorized');
    expect((await saidTo({ status: 403 })).kind).toBe('refused');
    expect((await saidTo({ status: 403 }, { forbidden: 'pause' })).kind).toBe('unauthorized');
  });

  test('EGRESS 2.7: a key that is set renews the sink, and the next request carries it', async () => {
    const sink = httpSink({ url: server.url, key: 'old' });
    server.script({ status: 401 });
    await expect(sink.send(batch, signal)).rejects.toMatchObject({ kind: 'unauthorized' });
    let renewed = false;
    const waiting = sink.renewed?.(signal).then(() => {
      renewed = true;
    });
    await new Promise(setImmediate);
    expect(renewed).toBe(false);
    sink.setKey('new');
    await waiting;
    await sink.send(batch, signal);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('EGRESS 2.7: a key file is read again within a second, and once it is another the sink is renewed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runnel-key-'));
    const file = join(folder, 'key');
    const clock = new ManualClock();
    const sink = httpSink({ url: server.url, key: { file }, clock });
    await expect(sink.send(batch, signal)).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining(file),
    });
    await writeFile(file, 'one\n');
    server.script({ status: 401 });
    await expect(sink.send(batch, signal)).rejects.toMatchObject({ kind: 'unauthorized', status: 401 });
    const waiting = sink.renewed?.(signal);
    await expect.poll(() => clock.pending).toBe(1);
    await writeFile(file, 'two\n');
    clock.advance(1000);
    await waiting;
    await sink.send(batch, signal);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
    await rm(folder, { recursive: true });
  });

  test('EGRESS 2.7: a caller that gives up waiting for a key is let go', async () => {
    const sink = httpSink({ url: server.url, key: 'old' });
    server.script({ status: 401 });
    await expect(sink.send(batch, signal)).rejects.toThrow(SinkError);
    const controller = new AbortController();
    const waiting = sink.renewed?.(controller.signal);
    controller.abort();
    await waiting;
  });

  test('a key that no header can carry is unauthorized, before anything is sent', async () => {
    const sent = httpSink({ url: server.url, key: 'two\nlines' }).send(batch, signal);
    await expect(sent).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(server.received).toHaveLength(0);
  });
});

describe('EGRESS 2.8: a 429', () => {
  test('EGRESS 2.8: says when to come back in seconds', async () => {
    const error = await saidTo({ status: 429, headers: { 'retry-after': '7' } });
    expect(error).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
  });

  test("EGRESS 2.8: or as a date, which is read against the answer's own", async () => {
    const headers = { date: 'Tue, 01 Jan 2030 00:00:00 GMT', 'retry-after': 'Tue, 01 Jan 2030 00:00:09 GMT' };
    expect(await saidTo({ status: 429, headers })).toMatchObject({ kind: 'throttled', retryAfterMs: 9000 });
  });

  test('EGRESS 2.8: a date that has passed is now, and a value that is neither counts as none', async () => {
    const past = { date: 'Tue, 01 Jan 2030 00:00:09 GMT', 'retry-after': 'Tue, 01 Jan 2030 00:00:00 GMT' };
    expect((await saidTo({ status: 429, headers: past })).retryAfterMs).toBe(0);
    expect((await saidTo({ status: 429, headers: { 'retry-after': 'soon' } })).retryAfterMs).toBe(60_000);
  });

  test('EGRESS 2.8: without the header means a minute', async () => {
    expect(await saidTo({ status: 429 })).toMatchObject({ kind: 'throttled', retryAfterMs: 60_000 });
  });

  test('EGRESS 2.8: a 503 with Retry-After is heard too', async () => {
    const error = await saidTo({ status: 503, headers: { 'retry-after': '3' } });
    expect(error).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
  });
});

test('EGRESS 2.9: a 413 is too large', async () => {
  expect((await saidTo({ status: 413 })).kind).toBe('too_large');
});

test.each([400, 402, 404, 405, 409, 410, 415, 422])('EGRESS 2.11: a %i is refused', async (status) => {
  expect(await saidTo({ status, body: 'because' })).toMatchObject({ kind: 'refused', status, response: 'because' });
});

test('EGRESS 2.12: a body over the limit is too large by its measured bytes, and is not sent', async () => {
  const whole = batch.reduce((size, { bytes }) => size + bytes.length + 1, 0);
  const over = httpSink({ url: server.url, maxBodyBytes: whole - 1 }).send(batch, signal);
  await expect(over).rejects.toMatchObject({ kind: 'too_large', status: undefined });
  expect(server.received).toHaveLength(0);
  await httpSink({ url: server.url, maxBodyBytes: whole }).send(batch, signal);
  expect(server.received).toHaveLength(1);
});

test('an answer of any length is read to 64 KiB and kept to one', async () => {
  const error = await saidTo({ status: 400, body: 'x'.repeat(10_000_000) });
  expect(error.response).toBe('x'.repeat(1024));
  server.script({ status: 200, body: 'x'.repeat(10_000_000) });
  await httpSink({ url: server.url }).send(batch, signal);
});

test('a caller that aborts gets its own reason at once, and the connection is let go', async () => {
  server.script('hang');
  const controller = new AbortController();
  const sent = httpSink({ url: server.url }).send(batch, controller.signal);
  await server.request(1);
  controller.abort(new Error('enough'));
  await expect(sent).rejects.toThrow('enough');
});

test('EGRESS 2.12: the body of the default codec is as long as its traits say', async () => {
  const sink = httpSink({ url: server.url });
  const batch = ['a', 'b', 'c'].map((id) => envelope(id));
  await sink.send(batch, signal);
  const own = batch.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const { body } = await server.request(1);
  expect(Buffer.byteLength(body)).toBe(own + batch.length * (sink.traits?.overheadBytes ?? 0));
});
