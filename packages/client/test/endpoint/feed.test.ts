import { connect } from 'node:net';
import { hostname } from 'node:os';
import type { Clock } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createEndpoint, type FeedHello, type FeedStatus } from '../../src/index.ts';
import { base, line, startLoop } from '../loop.ts';
import { eventsOf, type FeedEvent, nextOf } from './feed.ts';
import { served } from './served.ts';

test('it says who it is, then how things are, and goes on', async () => {
  const { relay, events, sink, ask } = await served();
  relay.open('demo');
  const answer = await ask('/feed');
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const feed = eventsOf(answer);
  const { event, data } = (await feed.next()).value as FeedEvent;
  expect([event, data]).toMatchObject(['hello', { server: base, name: hostname(), writable: true }]);
  expect((data as FeedHello).startedAt).toBeCloseTo(Date.now(), -5);
  const first = (await feed.next()).value;
  expect(first).toMatchObject({ event: 'status', id: '0', data: { tick: 0, sessions: [{ id: 'demo' }], errands: [] } });

  const sent = JSON.stringify({ id: 'a', type: 'x', timestamp: String(Date.now() - 40), data: {} });
  await events('demo').writeMany([line(1, '0a1b2c3d', sent), line(2)]);
  await sink.count(2);
  const status = await nextOf<FeedStatus>(feed, ({ sinks }) => sinks[0]?.out === 2);
  expect(status.tick).toBeGreaterThan(0);
  expect(status.sessions[0]).toMatchObject({ state: 'live', telemetry: { relayed: 2 }, latencyMs: { count: 2 } });
  expect(status.sessions[0]?.latencyMs?.p50).toBeGreaterThanOrEqual(38);
  expect(status.sinks).toMatchObject([{ sink: 'collect', state: 'idle', dead: 0, batchLimit: 500, out: 2 }]);
});

test('how the relay gets in at the server stays with the relay', async () => {
  const { relay } = startLoop({ url: 'http://user:pass%20word@trickle.test/base/' });
  const feed = eventsOf(await createEndpoint(relay).request('/feed'));
  expect((await feed.next()).value?.data).toMatchObject({ server: 'http://trickle.test/base/' });
});

test('what the runner drops is in its session by reason, and a sink that fails says until when it waits', async () => {
  const failing = {
    name: 'down',
    send: () => Promise.reject(new Error('out of order')),
    close: async () => {},
  };
  const { relay, events, ask } = await served({ sinks: [failing] });
  relay.open('demo');
  await events('demo').writeMany([
    line(1),
    '{"type":"losses","epoch":"0a1b2c3d","emitted":9,"written":4,"dropped":{"overflow":3,"<b>":2}}',
  ]);
  const feed = eventsOf(await ask('/feed'));
  const { sinks, at, sessions } = await nextOf<FeedStatus>(feed, (it) => it.sinks[0]?.state === 'backing_off');
  expect(sinks[0]).toMatchObject({ pending: 1, error: expect.stringContaining('out of order') });
  expect(sinks[0]?.until).toBeGreaterThan(at - 1000);
  expect(sinks[0]?.until).toBeLessThan(at + 61_000);
  expect(sessions[0]?.dropped).toEqual({ overflow: 3, '<b>': 2 });
});

test('what a runner sends is text, whatever it holds', async () => {
  const { relay, events, ask } = await served();
  const id = '</script><img src=x onerror=alert(1)>';
  relay.open(id);
  const reason = 'a\u2028b"]}\\';
  const losses = { type: 'losses', epoch: '0a1b2c3d', emitted: 1, written: 0, dropped: { [reason]: 1 } };
  await events(id).write(JSON.stringify(losses));
  const feed = eventsOf(await ask('/feed'));
  const status = await nextOf<FeedStatus>(feed, ({ sessions }) => sessions[0]?.dropped[reason] === 1);
  expect(status.sessions[0]?.id).toBe(id);
  for (const path of ['/status', '/channels']) {
    expect((await ask(path)).headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('a reader that takes nothing is not buffered for, and after a minute it is cut off; others go on', async () => {
  const clock = new ManualClock();
  const { relay } = startLoop({ clock });
  const endpoint = createEndpoint(relay);
  const stuck = await endpoint.request('/feed');
  const lively = eventsOf(await endpoint.request('/feed'));
  await lively.next();
  await lively.next();
  let made = 0;
  const status = relay.status();
  Object.assign(relay, { status: () => ({ ...status, made: ++made }) });
  for (let tick = 1; tick <= 30; tick++) {
    clock.advance(1000);
    expect(await lively.next()).toMatchObject({ value: { id: String(tick), data: { made: tick } } });
  }
  const reader = (stuck.body as ReadableStream<Uint8Array>).getReader();
  const texts: string[] = [];
  const decode = async () => texts.push(new TextDecoder().decode((await reader.read()).value));
  await decode();
  expect(texts[0]).toContain('event: hello');
  clock.advance(1000);
  await decode();
  // Of the ticks in between none was kept.
  expect(texts[1]).toContain('id: 31');

  for (let tick = 0; tick < 62; tick++) clock.advance(1000);
  await expect(reader.read()).rejects.toThrow('takes nothing');
});

test('of a connection whose reader is stuck for a minute nothing is left', async () => {
  const clock = new ManualClock();
  const endpoint = createEndpoint(startLoop({ clock }).relay);
  let destroyed = 0;
  const answer = await endpoint.request('/feed', {}, { outgoing: { destroy: () => destroyed++ } });
  for (let tick = 0; tick < 60; tick++) clock.advance(1000);
  expect(destroyed).toBe(0);
  clock.advance(1000);
  clock.advance(1000);
  expect(destroyed).toBe(1);
  // As Node's side does then.
  await answer.body?.cancel();
});

test('at most 32 look at a time, and who goes makes room', async () => {
  const endpoint = createEndpoint(startLoop().relay);
  const answers: Response[] = [];
  for (let n = 0; n < 32; n++) answers.push(await endpoint.request('/feed'));
  onTestFinished(() => Promise.all(answers.map(({ body }) => body?.cancel())).then(() => {}));
  const refused = await endpoint.request('/feed');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  await answers.pop()?.body?.cancel();
  const again = await endpoint.request('/feed');
  expect(again.status).toBe(200);
  answers.push(again);
});

test('who asks for the head alone takes no place', async () => {
  const endpoint = createEndpoint(startLoop().relay);
  for (let n = 0; n < 33; n++) {
    const { status, headers } = await endpoint.request('/feed', { method: 'HEAD' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  }
  const { status, body } = await endpoint.request('/feed');
  await body?.cancel();
  expect(status).toBe(200);
});

test('a status that cannot be made, as when the journal cannot be read, ends neither the process nor the feed', async () => {
  const clock = new ManualClock();
  const { relay } = startLoop({ clock });
  const endpoint = createEndpoint(relay);
  const { status } = relay;
  const broken = () => {
    throw new Error('disk I/O error');
  };
  Object.assign(relay, { status: broken });
  for (let n = 0; n < 33; n++) expect((await endpoint.request('/feed')).status).toBe(500);

  Object.assign(relay, { status });
  const feed = eventsOf(await endpoint.request('/feed'));
  await feed.next();
  await feed.next();
  Object.assign(relay, { status: broken });
  expect(() => clock.advance(1000)).not.toThrow();
  Object.assign(relay, { status });
  clock.advance(1000);
  expect(await feed.next()).toMatchObject({ value: { event: 'status', id: '2' } });
});

test('over a socket that nobody reads the endpoint answers others, and closes', async () => {
  const { endpoint, ask, relay } = await served();
  for (let n = 0; n < 200; n++) relay.open(`session-${n}`);
  const socket = connect(endpoint.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(`GET /feed HTTP/1.1\r\nHost: 127.0.0.1:${endpoint.port}\r\n\r\n`);
  const feed = eventsOf(await ask('/feed'));
  const { tick } = await nextOf<FeedStatus>(feed, (it) => it.tick >= 2);
  expect(tick).toBeGreaterThanOrEqual(2);
  const closed = new Promise((resolve) => socket.resume().on('close', resolve));
  await endpoint.close();
  await closed;
});

test('where a status takes long to make it is made seldomer', async () => {
  const manual = new ManualClock();
  const { relay } = startLoop({ clock: manual });
  const status = relay.status();
  let spent = 0;
  Object.assign(relay, {
    clock: { ...clockOf(manual), now: () => manual.now() + spent },
    status() {
      // As long as thousands of sessions take.
      spent += 100;
      return status;
    },
  });
  const feed = eventsOf(await createEndpoint(relay).request('/feed'));
  await feed.next();
  await feed.next();
  manual.advance(1000);
  const first = (await feed.next()).value?.data;
  manual.advance(1999);
  manual.advance(1);
  const second = (await feed.next()).value?.data;
  expect(second).toMatchObject({ tick: 2, at: (first as FeedStatus).at + 2000 });
});

const clockOf = (clock: ManualClock): Clock => ({
  now: () => clock.now(),
  wall: () => clock.wall(),
  after: (ms, fn) => clock.after(ms, fn),
});

test('500 sessions are a status of less than 2 KiB each', async () => {
  const { relay, ask } = await served();
  for (let n = 0; n < 500; n++) relay.open(`session-${n}`);
  const text = await (await ask('/status')).text();
  expect((JSON.parse(text) as FeedStatus).sessions).toHaveLength(500);
  expect(text.length).toBeLessThan(500 * 2048);
});
