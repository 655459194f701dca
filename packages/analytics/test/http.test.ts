import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNotifier, createTelemetryService, type NotifierOptions } from '@runnel/analytics';
import { liveKitSignature, webhookSink } from '@runnel/egress/webhook';
import { ManualClock } from '@runnel/protocol/testing';
import { WebhookReceiver } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ann, camera, room } from './rig.ts';

interface Request {
  readonly body: string;
  readonly authorization: string;
}

const secrets = { key: 'a secret of more than thirty-two bytes', key2: 'another secret of thirty-two bytes or so' };
/** Once an attempt has failed: the sweep, the deadline of the webhook, and the pause before its next attempt. */
const TIMERS_IN_A_PAUSE = 3;
let received: Request[];
let statuses: number[];
let url: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  received = [];
  statuses = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    received.push({ body, authorization: request.headers.authorization ?? '' });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(() => stop());

/** The clock stands at the real time, because LiveKit's receiver does. `pausing` resolves when the first attempt has failed and its pause has begun. */
function notifying(over: Partial<NotifierOptions> = {}) {
  const clock = new ManualClock(Date.now());
  let failures = 0;
  const notifier = createNotifier({
    urls: [url],
    key: 'key',
    secret: secrets.key,
    secretOf: (key) => (secrets as Record<string, string>)[key],
    sink({ url, key, secret }) {
      const sink = webhookSink({ url, signature: liveKitSignature({ key, secret }), clock });
      return {
        ...sink,
        send: (batch, signal) =>
          sink.send(batch, signal).catch((error) => {
            failures++;
            throw error;
          }),
      };
    },
    clock,
    ...over,
  });
  const pausing = () => expect.poll(() => [failures, clock.pending]).toEqual([1, TIMERS_IN_A_PAUSE]);
  return { clock, notifier, pausing };
}

const receive = (key: keyof typeof secrets, { body, authorization }: Request) =>
  new WebhookReceiver(key, secrets[key]).receive(body, authorization);

describe('EGRESS 3.17: over HTTP', () => {
  test("EGRESS 3.17: LiveKit's receiver takes what the service sends, with room, participant and track", async () => {
    const { notifier, clock } = notifying();
    const service = createTelemetryService({ emit: () => {}, notifier, clock });
    service.trackPublished(room, ann, camera);
    await service.flushStats();
    await expect.poll(() => notifier.books.sent).toBe(1);
    const event = await receive('key', received[0] as Request);
    expect(event).toMatchObject({ event: 'track_published', id: expect.stringMatching(/^EV_/) });
    expect(event.room).toMatchObject({ sid: 'RM_1', name: 'stage', creationTime: 1_600_000_000n });
    expect(event.participant).toMatchObject({ sid: 'PA_1', identity: 'ann' });
    expect(event.track).toMatchObject({ sid: 'TR_1' });
    expect(event.createdAt).toBe(BigInt(Math.floor(clock.wall() / 1000)));
    await service.stop();
  });

  test('EGRESS 3.17: each attempt has a token of its own, over the same bytes', async () => {
    statuses = [503];
    const { notifier, clock, pausing } = notifying();
    notifier.queueNotify({ event: 'room_started', room });
    await pausing();
    clock.advance(1000);
    await expect.poll(() => notifier.books.sent).toBe(1);
    const [first, second] = received as [Request, Request];
    expect(second.body).toBe(first.body);
    expect(second.authorization).not.toBe(first.authorization);
    expect(await receive('key', second)).toMatchObject({ event: 'room_started' });
    await notifier.stop();
  });

  test.each([400, 401, 403, 404, 413, 422])('EGRESS 3.21: %i is a failure, not a success', async (status) => {
    statuses = [status];
    const { notifier } = notifying();
    notifier.queueNotify({ event: 'room_started', room });
    await expect.poll(() => notifier.books.failed).toBe(1);
    expect(received).toHaveLength(1);
    await notifier.stop();
  });

  test.each([408, 429, 500, 502, 503, 504])('EGRESS 3.21: after %i it is sent again', async (status) => {
    statuses = [status];
    const { notifier, clock, pausing } = notifying();
    notifier.queueNotify({ event: 'room_started', room });
    await pausing();
    clock.advance(30_000);
    await expect.poll(() => notifier.books.sent).toBe(1);
    expect(received).toHaveLength(2);
    await notifier.stop();
  });

  test('EGRESS 3.22: after setKeys the next webhook is signed with the new key; EGRESS 3.24: an extra one with its own', async () => {
    const { notifier } = notifying();
    notifier.setKeys('key2', secrets.key2);
    notifier.queueNotify({ event: 'room_started', room });
    await expect.poll(() => notifier.books.sent).toBe(1);
    expect(await receive('key2', received[0] as Request)).toMatchObject({ event: 'room_started' });
    notifier.setFilter({ includeEvents: ['none'] });
    notifier.queueNotify({ event: 'room_finished', room }, { extraWebhooks: [{ url, signingKey: 'key' }] });
    await expect.poll(() => notifier.books.sent).toBe(2);
    expect(await receive('key', received[1] as Request)).toMatchObject({ event: 'room_finished' });
    await notifier.stop();
  });
});
