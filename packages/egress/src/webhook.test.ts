import { createHash } from 'node:crypto';
import { ManualClock } from '@runnel/protocol/testing';
import { decodeJwt, SignJWT } from 'jose';
import { WebhookReceiver } from 'livekit-server-sdk';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { envelope, envelopeOf, textOf } from '../test/envelopes.ts';
import { type Received, type ScriptedServer, scriptedServer } from '../test/scripted-server.ts';
import { liveKitSignature, standardSignature, verifyWebhook, webhookSink } from './webhook.ts';

const signal = new AbortController().signal;
const pair = { key: 'APIkey', secret: 'a secret of more than thirty-two bytes' };
let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(() => server.stop());

const idsOf = (received: readonly Received[]) => received.map(({ body }) => JSON.parse(body).id);

describe("EGRESS 3.17: LiveKit's signature", () => {
  test("EGRESS 3.17: is accepted by LiveKit's own server SDK, over the bytes as they came", async () => {
    const sent = envelope('a', { text: 'é"\\' });
    await webhookSink({ url: server.url, signature: liveKitSignature(pair) }).send([sent], signal);
    const { body, headers } = await server.request(1);
    expect(body).toBe(textOf(sent));
    expect(headers).toMatchObject({ 'content-type': 'application/webhook+json', 'user-agent': 'runnel-egress' });
    const receiver = new WebhookReceiver(pair.key, pair.secret);
    expect(await receiver.receive(body, headers.authorization)).toMatchObject({ id: 'a' });
    await expect(receiver.receive(`${body} `, headers.authorization)).rejects.toThrow('sha256');
    await expect(new WebhookReceiver(pair.key, 'another').receive(body, headers.authorization)).rejects.toThrow();
  });

  test('EGRESS 3.17: the token is minted for each attempt and good for five minutes', async () => {
    const clock = new ManualClock();
    const sink = webhookSink({ url: server.url, signature: liveKitSignature(pair), clock });
    server.script({ status: 503 });
    await expect(sink.send([envelope('a')], signal)).rejects.toMatchObject({ kind: 'unavailable' });
    clock.advance(3_600_000);
    await sink.send([envelope('a')], signal);
    const tokens = server.received.map(({ headers }) => decodeJwt(headers.authorization ?? ''));
    expect(tokens.map(({ exp }) => exp)).toEqual([1_700_000_300, 1_700_003_900]);
    expect(tokens.map(({ iss }) => iss)).toEqual([pair.key, pair.key]);
  });
});

describe('EGRESS 3.17: the verifier', () => {
  const clock = new ManualClock();
  const body = Buffer.from('{"event":"x","unknown":1}');
  const secretOf = (key: string) => (key === pair.key ? pair.secret : undefined);
  const sign = (over: object, secret = pair.secret) =>
    new SignJWT({
      sha256: createHash('sha256').update(body).digest('base64'),
      iss: pair.key,
      exp: 1_700_000_300,
      ...over,
    })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(secret));

  test('EGRESS 3.17: accepts what is signed with a known key, unknown fields and all', async () => {
    await verifyWebhook(body, await sign({}), secretOf, { clock });
  });

  test.each([
    ['no_header', async () => undefined],
    ['bad_token', async () => 'no.token.this'],
    ['bad_token', () => sign({}, 'another secret')],
    ['bad_token', () => sign({ exp: 1_699_999_999 })],
    ['bad_token', () => sign({ exp: undefined })],
    ['unknown_key', () => sign({ iss: 'somebody' })],
    ['wrong_hash', () => sign({ sha256: createHash('sha256').update('else').digest('base64') })],
    ['wrong_hash', () => sign({ sha256: undefined })],
  ])('EGRESS 3.17: says %s', async (code, token) => {
    await expect(verifyWebhook(body, await token(), secretOf, { clock })).rejects.toMatchObject({
      name: 'WebhookError',
      code,
    });
  });
});

describe('Standard Webhooks', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

  test("the signature is accepted by the project's own library", async () => {
    await webhookSink({ url: server.url, signature: standardSignature(secret) }).send(
      [envelope('a', { é: 1 })],
      signal,
    );
    const { body, headers } = await server.request(1);
    expect(headers).toMatchObject({ 'webhook-id': 'a', 'content-type': 'application/json' });
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ id: 'a' });
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow(
      'No matching signature',
    );
  });

  test('the id stays through attempts, for an envelope without one too; the time is that of the attempt', async () => {
    const clock = new ManualClock();
    const sink = webhookSink({ url: server.url, signature: standardSignature(secret), clock });
    await sink.send([envelopeOf('{"data":{}}')], signal);
    clock.advance(60_000);
    await sink.send([envelopeOf('{"data":{}}')], signal);
    const [first, second] = server.received.map(({ headers }) => headers);
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect([first, second].map((headers) => headers?.['webhook-timestamp'])).toEqual(['1700000000', '1700000060']);
  });

  test.each(['', 'whsec_', 'whsec_short', 'whsec_not base64, whatever else it may be'])(
    'a secret that is none is an error at once: %j',
    (secret) => {
      expect(() => standardSignature(secret)).toThrow('base64');
    },
  );
});

describe('EGRESS 3.18: order by key', () => {
  const batch = ['a1', 'b1', 'a2', 'b2', 'a3'].map((id) => envelope(id, {}, { session: id.charAt(0) }));

  test('EGRESS 3.18: the envelopes of one key go out one after the other', async () => {
    const sink = webhookSink({ url: server.url });
    expect(sink.traits?.order).toBe('key');
    await sink.send(batch, signal);
    const ids = idsOf(server.received);
    expect(ids.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(ids.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  test('EGRESS 3.18: a receiver that hangs for one key delays only its own, and is given up after its time', async () => {
    const clock = new ManualClock();
    server.answer(({ body }) => (body.includes('"a2"') ? 'hang' : undefined));
    const sent = webhookSink({ url: server.url, clock, timeoutMs: 5000 }).send(batch, signal);
    await expect.poll(() => idsOf(server.received).toSorted()).toEqual(['a1', 'a2', 'b1', 'b2']);
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(5000);
    await expect(sent).resolves.toEqual({ refused: [], retry: [2, 4] });
    expect(idsOf(server.received)).not.toContain('a3');
  });

  test('EGRESS 3.21: a 4xx refuses its envelope, with the answer, and its key goes on', async () => {
    server.answer(({ body }) => (body.includes('"a1"') ? { status: 422, body: 'no such room' } : undefined));
    const report = await webhookSink({ url: server.url }).send(batch, signal);
    expect(report).toEqual({ refused: [{ place: 0, reason: expect.stringMatching(/422.*no such room/) }], retry: [] });
    expect(idsOf(server.received).toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2']);
  });

  test('EGRESS 3.21: when nothing goes through, the reason is that of the first', async () => {
    server.answer(() => ({ status: 500 }));
    await expect(webhookSink({ url: server.url }).send(batch, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      status: 500,
    });
    expect(server.received).toHaveLength(2);
  });

  test('EGRESS 3.21: a 429 ends the round for all keys, with its Retry-After', async () => {
    server.answer(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    const sent = webhookSink({ url: server.url, concurrency: 1 }).send(batch, signal);
    await expect(sent).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
    expect(server.received).toHaveLength(1);
  });

  test('what was delivered before an abort is reported, the rest is to be sent again', async () => {
    server.answer(({ body }) => (body.includes('2"') ? 'hang' : undefined));
    const controller = new AbortController();
    const sent = webhookSink({ url: server.url }).send(batch, controller.signal);
    await server.request(4);
    controller.abort();
    await expect(sent).resolves.toEqual({ refused: [], retry: [2, 3, 4] });
  });

  test('EGRESS 3.18: another key can be chosen', async () => {
    server.answer(({ body }) => (body.includes('"a1"') ? { status: 503 } : undefined));
    const report = await webhookSink({ url: server.url, key: () => 'one' }).send([...batch].reverse(), signal);
    expect(report).toEqual({ refused: [], retry: [4] });
    expect(idsOf(server.received)).toEqual(['a3', 'b2', 'a2', 'b1', 'a1']);
  });
});

describe('EGRESS 3.22: what a receiver gets and how it is signed may change', () => {
  const of = (type: string) => envelopeOf(JSON.stringify({ id: type, type: 'stream_trace', data: { type } }));
  const wanted = (sink: ReturnType<typeof webhookSink>) =>
    ['a', 'b', 'c'].filter((type) => sink.traits?.wants?.(of(type)));

  test('EGRESS 3.22: the include list wins, exclude is next, none is all; another filter holds for the next event', () => {
    const sink = webhookSink({ url: server.url, filter: { include: ['a', 'b'], exclude: ['a'] } });
    expect(wanted(sink)).toEqual(['a', 'b']);
    sink.setFilter({ exclude: ['a'] });
    expect(wanted(sink)).toEqual(['b', 'c']);
    sink.setFilter({ include: [], exclude: [] });
    expect(wanted(sink)).toEqual(['a', 'b', 'c']);
    expect(sink.traits?.wants?.(envelopeOf('no event'))).toBe(true);
    sink.setFilter({ include: ['a'] });
    expect(sink.traits?.wants?.(envelopeOf('no event'))).toBe(false);
  });

  test('EGRESS 3.22: another signature holds for the next attempt', async () => {
    const sink = webhookSink({ url: server.url, signature: liveKitSignature(pair) });
    await sink.send([envelope('a')], signal);
    const other = { key: 'another', secret: 'another secret, just as long as that one' };
    sink.setSignature(liveKitSignature(other));
    await sink.send([envelope('b')], signal);
    sink.setSignature(undefined);
    await sink.send([envelope('c')], signal);
    const [first, second, third] = server.received.map(({ headers }) => headers.authorization);
    expect([first, second].map((token) => decodeJwt(token ?? '').iss)).toEqual([pair.key, other.key]);
    expect(third).toBeUndefined();
  });
});
