import { ManualClock } from '@runnel/protocol/testing';
import { fetchTransport } from '@runnel/pubsub';
import { createTrickle } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { createEndpoint, type ServerChannel } from '../../src/index.ts';
import { eventually, startLoop } from '../loop.ts';
import { served } from './served.ts';

test('the channels of the server come as it lists them', async () => {
  const { ask, trickle } = await served({ server: { changefeed: true } });
  trickle.create('a "<b>" \u202e', 'video/mp4; <script>');
  const channels = (await (await ask('/channels')).json()) as ServerChannel[];
  expect(channels.find(({ name }) => name.startsWith('a'))).toMatchObject({
    name: 'a "<b>" \u202e',
    mime: 'video/mp4; <script>',
    head: 0,
    oldest: null,
    bytes: 0,
    closed: false,
  });
});

test('a server that lists none is told from one that is away', async () => {
  const { ask } = await served();
  const unlisted = await ask('/channels');
  expect([unlisted.status, await unlisted.text()]).toEqual([404, expect.stringContaining('--changefeed')]);
  const away = await served({ transport: fetchTransport(() => Promise.reject(new TypeError('no route'))) });
  expect((await away.ask('/channels')).status).toBe(502);
});

test('how the relay gets in at the server is in no answer', async () => {
  const transport = fetchTransport(() => Promise.reject(new TypeError('no route')));
  const { relay } = startLoop({ transport, url: 'http://user:pass@trickle.test/base/' });
  const answer = await createEndpoint(relay).request('/channels');
  expect([answer.status, await answer.text()]).toEqual([
    502,
    expect.stringContaining('http://trickle.test/base/_channels'),
  ]);
});

test('however many ask, the server is asked twice a second, with what the relay has for it', async () => {
  const clock = new ManualClock();
  const trickle = createTrickle({ changefeed: true });
  onTestFinished(() => trickle.stop());
  const asked: (string | null)[] = [];
  const transport = fetchTransport((request) => {
    if (request.url.endsWith('_channels')) asked.push(request.headers.get('authorization'));
    return trickle.fetch(request);
  });
  const endpoint = createEndpoint(
    startLoop({ clock, transport, headers: { Authorization: 'Bearer of-the-server' } }).relay,
  );
  await Promise.all(Array.from({ length: 20 }, () => endpoint.request('/channels')));
  expect(asked).toEqual(['Bearer of-the-server']);
  clock.advance(501);
  expect((await endpoint.request('/channels')).status).toBe(200);
  expect(asked).toHaveLength(2);
});

test('a server that does not answer is asked once, and not waited for when the relay closes', async () => {
  const clock = new ManualClock();
  const aborted = Promise.withResolvers<void>();
  let asked = 0;
  const transport = fetchTransport(({ signal }) => {
    asked++;
    signal.addEventListener('abort', () => aborted.resolve());
    return new Promise(() => {});
  });
  const { relay } = startLoop({ clock, transport });
  const endpoint = createEndpoint(relay);
  const answers = [endpoint.request('/channels')];
  await eventually(() => expect(asked).toBe(1));
  clock.advance(5000);
  answers.push(endpoint.request('/channels'));
  void relay.close();
  await aborted.promise;
  expect(asked).toBe(1);
  for (const answer of answers) expect((await answer).status).toBe(502);
});

test('a server of very many channels is asked seldomer, as each answer is work for the relay', async () => {
  const clock = new ManualClock();
  const one = { mime: 'x/y', head: 0, oldest: null, readers: 0, writers: 0, bytes: 0, closed: false };
  const channels = Array.from({ length: 10_000 }, (_, n) => ({ ...one, name: `c${n}` }));
  let asked = 0;
  const transport = fetchTransport(async () => {
    asked++;
    return Response.json({ channels });
  });
  const endpoint = createEndpoint(startLoop({ clock, transport }).relay);
  await endpoint.request('/channels');
  clock.advance(999);
  await endpoint.request('/channels');
  expect(asked).toBe(1);
  clock.advance(501);
  await endpoint.request('/channels');
  expect(asked).toBe(2);
});
