import { type Sink, SinkError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { type Body, camera, never, notifierTo, rig, room, scriptedSink, settle, WALL_MS } from '../test/rig.ts';
import type { NotifierOptions, WebhookInfo } from './index.ts';

const inRoom = (name: string, event = 'room_started') => ({ event, room: { sid: `RM_${name}`, name } });

/** A notifier to these sinks, on a manual clock; `told` is what its hook was told. */
function rigged(sinks: readonly Sink[], over: Partial<NotifierOptions> = {}) {
  const clock = new ManualClock(WALL_MS);
  const told: WebhookInfo[] = [];
  const notifier = notifierTo(sinks, { clock, ...over });
  notifier.registerProcessedHook((info) => told.push(info));
  return { clock, told, notifier, errors: () => told.map(({ error }) => error) };
}

/** A sink that takes an event when the test lets it. */
function gated() {
  const gates: (() => void)[] = [];
  const sink = scriptedSink(() => new Promise<void>((resolve) => gates.push(resolve)));
  return { sink, gates };
}

describe('EGRESS 3.18: a queue for each resource', () => {
  test.each([
    ['EG_1', { egressInfo: { egressId: 'EG_1' }, room }],
    ['IN_1', { ingressInfo: { ingressId: 'IN_1' }, room }],
    ['stage', { room, participant: { identity: 'ann' }, track: camera }],
    ['ann', { participant: { identity: 'ann' }, track: camera }],
    ['TR_1', { track: camera }],
    ['default', {}],
  ])('EGRESS 3.18: the resource is %s', async (key, members) => {
    const { sink, gates } = gated();
    const { notifier } = rigged([sink]);
    notifier.queueNotify({ event: 'first', ...members });
    notifier.queueNotify({ event: 'other', track: { sid: key } });
    expect(sink.events(), 'the same key waits').toEqual(['first']);
    notifier.queueNotify({ event: 'apart', track: { sid: 'another' } });
    expect(sink.events()).toEqual(['first', 'apart']);
    for (const open of gates.splice(0)) open();
    await expect.poll(sink.events).toEqual(['first', 'apart', 'other']);
  });

  test('EGRESS 3.18: events of one resource stay in order, through a failed attempt too', async () => {
    let fails = 1;
    const sink = scriptedSink(() => {
      if (fails-- > 0) throw new SinkError('unavailable', 'down');
    });
    const { notifier, clock } = rigged([sink]);
    for (const event of ['a', 'b', 'c']) notifier.queueNotify(inRoom('r', event));
    await settle();
    expect(sink.events()).toEqual(['a']);
    clock.advance(1000);
    await expect.poll(sink.events).toEqual(['a', 'a', 'b', 'c']);
  });

  test('EGRESS 3.18: a receiver that hangs for one resource delays no other, and is given up after a minute', async () => {
    const sink = scriptedSink(({ room }: Body) => (room.name === 'k1' ? never() : undefined));
    const { notifier, clock, errors } = rigged([sink]);
    for (const name of ['k1', 'k2', 'k3']) notifier.queueNotify(inRoom(name));
    await settle();
    expect(notifier.books).toMatchObject({ sent: 2, pending: 1 });
    clock.advance(60_000);
    await expect.poll(() => notifier.books).toMatchObject({ sent: 2, failed: 1, pending: 0 });
    expect(errors()).toEqual([undefined, undefined, 'not delivered within 60 s']);
  });

  test('EGRESS 3.18: a sink that keeps the order of all gets one after the other', async () => {
    const { sink, gates } = gated();
    const { notifier } = rigged([{ ...sink, traits: { order: 'all' } }]);
    notifier.queueNotify(inRoom('k1'));
    notifier.queueNotify(inRoom('k2'));
    await settle();
    expect(sink.bodies).toHaveLength(1);
    gates[0]?.();
    await expect.poll(() => sink.bodies.length).toBe(2);
  });
});

describe('EGRESS 3.19: limits', () => {
  test('EGRESS 3.19: behind the one in flight 200 wait; the next is refused as overflow', async () => {
    const { sink } = gated();
    const { notifier, told } = rigged([sink]);
    for (let n = 0; n < 203; n++) notifier.queueNotify(inRoom('r'));
    expect(notifier.books).toMatchObject({ in: 203, pending: 201, dropped: { overflow: 2 } });
    expect(told).toMatchObject([
      { isDropped: true, error: 'overflow' },
      { isDropped: true, error: 'overflow' },
    ]);
    notifier.queueNotify(inRoom('another'));
    expect(notifier.books.dropped.overflow).toBe(2);
  });

  test('EGRESS 3.19: there are at most 10,000 resources at once', () => {
    const { notifier } = rigged([scriptedSink(never)]);
    for (let n = 0; n < 10_001; n++) notifier.queueNotify(inRoom(`r${n}`));
    expect(notifier.books).toMatchObject({ queues: 10_000, pending: 10_000, dropped: { overflow: 1 } });
  });

  test('EGRESS 3.19: what is older than 30 s when its turn comes is dropped as age', async () => {
    const { sink, gates } = gated();
    const { notifier, clock, told } = rigged([sink]);
    notifier.queueNotify(inRoom('r', 'first'));
    notifier.queueNotify(inRoom('r', 'old'));
    clock.advance(1);
    notifier.queueNotify(inRoom('r', 'young'));
    clock.advance(30_000);
    gates[0]?.();
    await expect.poll(sink.events).toEqual(['first', 'young']);
    expect(told[1]).toMatchObject({ event: 'old', isDropped: true, error: 'age', queueDurationMs: 30_001 });
    expect(notifier.books.dropped.age).toBe(1);
  });

  test('EGRESS 3.19: a queue without work is forgotten after five minutes, one at work is not, and loses nothing', async () => {
    const gate = Promise.withResolvers<void>();
    let first = true;
    const sink = scriptedSink(({ room }: Body) => {
      if (room.name !== 'busy' || !first) return undefined;
      first = false;
      return gate.promise;
    });
    const { notifier, clock } = rigged([sink]);
    notifier.queueNotify(inRoom('idle'));
    await settle();
    clock.advance(299_999);
    expect(notifier.books.queues).toBe(1);
    notifier.queueNotify(inRoom('busy'));
    notifier.queueNotify(inRoom('busy', 'later'));
    clock.advance(1);
    expect(notifier.books).toMatchObject({ queues: 1, pending: 2 });
    gate.resolve();
    await expect.poll(sink.events).toEqual(['room_started', 'room_started', 'later']);
    clock.advance(60_000);
    notifier.queueNotify(inRoom('idle', 'again'));
    await settle();
    expect(notifier.books).toMatchObject({ queues: 2, sent: 4 });
  });

  test('EGRESS 3.19: the books balance', async () => {
    const sink = scriptedSink(({ event }: Body) => {
      if (event === 'bad') throw new SinkError('refused', 'no');
      return event === 'hang' ? never() : undefined;
    });
    const { notifier } = rigged([sink], { filter: { excludeEvents: ['quiet'] } });
    for (const event of ['good', 'bad', 'quiet', 'hang', 'waits']) notifier.queueNotify(inRoom('r', event));
    await settle();
    expect(notifier.books).toEqual({
      in: 5,
      sent: 1,
      failed: 1,
      pending: 2,
      dropped: { overflow: 0, age: 0, shutdown: 0, filtered: 1 },
      refused: 0,
      queues: 1,
    });
  });
});

describe('EGRESS 3.20: the processed hook', () => {
  test('EGRESS 3.20: is told ids, times and durations of what was sent', async () => {
    const { sink, gates } = gated();
    const { notifier, clock, told } = rigged([sink]);
    const about = { room, participant: { sid: 'PA_1', identity: 'ann' }, track: camera };
    notifier.queueNotify({ event: 'a', ...about, createdAtMs: WALL_MS - 7 });
    notifier.queueNotify({ event: 'b', ...about });
    clock.advance(40);
    gates[0]?.();
    await expect.poll(() => gates.length).toBe(2);
    clock.advance(2);
    gates[1]?.();
    await expect.poll(() => told.length).toBe(2);
    const ids = {
      roomId: 'RM_1',
      roomName: 'stage',
      participantId: 'PA_1',
      participantIdentity: 'ann',
      trackId: 'TR_1',
    };
    const always = { ...ids, url: 'https://0', queuedAtMs: WALL_MS, isDropped: false };
    const [a, b] = sink.bodies;
    expect(told).toEqual([
      {
        ...always,
        eventId: a.id,
        event: 'a',
        createdAtMs: WALL_MS - 7,
        sentAtMs: WALL_MS,
        queueDurationMs: 0,
        sendDurationMs: 40,
      },
      {
        ...always,
        eventId: b.id,
        event: 'b',
        createdAtMs: WALL_MS,
        sentAtMs: WALL_MS + 40,
        queueDurationMs: 40,
        sendDurationMs: 2,
      },
    ]);
    expect(a.id).not.toBe(b.id);
  });

  test('EGRESS 3.20: is told why one failed, and of egress and ingress ids', async () => {
    const sink = scriptedSink(() => {
      throw new SinkError('refused', 'answered 422', { response: 'no such room' });
    });
    const { notifier, told } = rigged([sink]);
    notifier.queueNotify({ event: 'e', egressInfo: { egressId: 'EG_1', roomId: 'RM_1' } });
    notifier.queueNotify({ event: 'i', ingressInfo: { ingressId: 'IN_1', roomName: 'stage' } });
    await expect
      .poll(() => told)
      .toMatchObject([
        { egressId: 'EG_1', roomId: 'RM_1', isDropped: false, error: 'answered 422: no such room' },
        { ingressId: 'IN_1', roomName: 'stage', isDropped: false },
      ]);
  });

  test('EGRESS 3.20: the service makes a WEBHOOK event of each outcome, and no webhook of that', async () => {
    const { service, hooks, emitted } = rig({ webhooks: true });
    service.roomStarted(room);
    await service.flushStats();
    await settle();
    await service.flushStats();
    expect(emitted.map(({ type }) => type)).toEqual(['ROOM_CREATED', 'WEBHOOK']);
    expect(emitted[1]?.data.webhook).toMatchObject({ event: 'room_started', roomId: 'RM_1', isDropped: false });
    expect(hooks.events()).toEqual(['room_started']);
  });

  test('EGRESS 3.20: a hook that throws is contained', async () => {
    const sink = scriptedSink();
    const warnings: string[] = [];
    const { notifier } = rigged([sink], { onWarning: (message) => warnings.push(message) });
    notifier.registerProcessedHook(() => {
      throw new Error('the hook failed');
    });
    notifier.queueNotify(inRoom('r', 'a'));
    notifier.queueNotify(inRoom('r', 'b'));
    await expect.poll(() => notifier.books.sent).toBe(2);
    expect(warnings).toEqual(Array(2).fill(expect.stringContaining('the hook failed')));
  });
});

describe('EGRESS 3.21: attempts', () => {
  test.each(['refused', 'too_large', 'unauthorized'] as const)('EGRESS 3.21: %s is a failure at once', async (kind) => {
    const sink = scriptedSink(() => {
      throw new SinkError(kind, 'no');
    });
    const { notifier } = rigged([sink]);
    notifier.queueNotify(inRoom('r'));
    await settle();
    expect([notifier.books.failed, sink.bodies.length]).toEqual([1, 1]);
  });

  test('EGRESS 3.21: an outage is tried again after 1, 2, 4 … s, to the deadline of a minute', async () => {
    const at: number[] = [];
    const clock = new ManualClock();
    const sink = scriptedSink(() => {
      at.push(clock.now() / 1000);
      throw new Error('connection reset');
    });
    const { notifier, errors } = rigged([sink], { clock });
    notifier.queueNotify(inRoom('r'));
    for (let second = 0; second < 60; second++) {
      await settle();
      clock.advance(1000);
    }
    await settle();
    expect(at).toEqual([0, 1, 3, 7, 15, 31]);
    expect(errors()).toEqual(['connection reset']);
    expect(clock.pending, 'the sweep alone').toBe(1);
  });

  test('EGRESS 3.21: Retry-After is kept to, up to 30 s', async () => {
    const at: number[] = [];
    const clock = new ManualClock();
    const asked = [7000, 3_600_000];
    const sink = scriptedSink(() => {
      at.push(clock.now());
      const retryAfterMs = asked.shift();
      if (retryAfterMs !== undefined) throw new SinkError('throttled', 'slow down', { retryAfterMs });
    });
    const { notifier } = rigged([sink], { clock });
    notifier.queueNotify(inRoom('r'));
    for (let second = 0; second < 50; second++) {
      await settle();
      clock.advance(1000);
    }
    expect(at).toEqual([0, 7000, 37_000]);
    expect(notifier.books.sent).toBe(1);
  });

  test('EGRESS 3.21: what a report says counts as well as what is thrown', async () => {
    const reports = [{ retry: [0] }, { refused: [{ place: 0, reason: 'malformed' }] }];
    const sink: Sink = { name: 'reports', send: async () => reports.shift(), close: async () => undefined };
    const { notifier, clock, errors } = rigged([sink]);
    notifier.queueNotify(inRoom('r'));
    await settle();
    expect(notifier.books.pending).toBe(1);
    clock.advance(1000);
    await expect.poll(errors).toEqual(['malformed']);
  });
});

describe('EGRESS 3.22: filter and keys', () => {
  test.each([
    [{}, ['a', 'b', 'c']],
    [{ excludeEvents: ['a'] }, ['b', 'c']],
    [{ includeEvents: ['a', 'b'], excludeEvents: ['a'] }, ['a', 'b']],
  ])('EGRESS 3.22: %j lets %j pass', async (filter, passed) => {
    const sink = scriptedSink();
    const { notifier } = rigged([sink], { filter });
    for (const event of ['a', 'b', 'c']) notifier.queueNotify(inRoom('r', event));
    await settle();
    expect(sink.events()).toEqual(passed);
    expect(notifier.books.dropped.filtered).toBe(3 - passed.length);
  });

  test('EGRESS 3.22: setFilter takes effect for the next event', async () => {
    const sink = scriptedSink();
    const { notifier } = rigged([sink]);
    notifier.queueNotify(inRoom('r', 'a'));
    notifier.setFilter({ includeEvents: ['b'] });
    for (const event of ['a', 'b']) notifier.queueNotify(inRoom('r', event));
    await settle();
    expect(sink.events()).toEqual(['a', 'b']);
  });

  test('EGRESS 3.22: setKeys takes effect for the next event; the sink of the old key is closed when it is done', async () => {
    const { sink: old, gates } = gated();
    const fresh = scriptedSink();
    const { notifier } = rigged([], {
      urls: ['https://0'],
      sink: ({ key, secret }) => (`${key} ${secret}` === 'key2 secret2' ? fresh : old),
    });
    notifier.queueNotify(inRoom('r', 'before'));
    notifier.setKeys('key2', 'secret2');
    notifier.queueNotify(inRoom('s', 'after'));
    await settle();
    expect([old.events(), fresh.events(), old.state.closed]).toEqual([['before'], ['after'], false]);
    gates[0]?.();
    await expect.poll(() => old.state.closed).toBe(true);
    expect(fresh.state.closed).toBe(false);
  });
});

test('EGRESS 3.23: each URL has its own queues: a full one and a failing one keep nothing from the others', async () => {
  const [hung, failing, good] = [
    scriptedSink(never),
    scriptedSink(() => {
      throw new SinkError('refused', 'no');
    }),
    scriptedSink(),
  ];
  const { notifier, told } = rigged([hung, failing, good]);
  for (let n = 0; n < 150; n++) notifier.queueNotify(inRoom('r'));
  await settle();
  for (let n = 0; n < 60; n++) notifier.queueNotify(inRoom('r'));
  await settle();
  expect(good.bodies).toHaveLength(210);
  const errorsOf = (nth: number) => told.filter(({ url }) => url === `https://${nth}`).map(({ error }) => error);
  expect(errorsOf(0)).toEqual(Array(9).fill('overflow'));
  expect(errorsOf(1)).toEqual(Array(210).fill('no'));
});

describe('EGRESS 3.24: extra webhooks', () => {
  const extra = (signingKey: string) => ({ extraWebhooks: [{ url: 'https://extra', signingKey }] });

  function withExtra(over: Partial<NotifierOptions> = {}) {
    const [own, other] = [scriptedSink(), scriptedSink()];
    const targets: object[] = [];
    const rig = rigged([], {
      urls: ['https://0'],
      secretOf: (key) => (key === 'theirs' ? 'their secret' : undefined),
      sink: (target) => {
        targets.push(target);
        return target.url === 'https://extra' ? other : own;
      },
      ...over,
    });
    return { ...rig, own, other, targets };
  }

  test('EGRESS 3.24: one call goes to another URL too, signed with its own key, filtered or not', async () => {
    const { notifier, own, other, targets } = withExtra();
    notifier.queueNotify(inRoom('r', 'a'), extra('theirs'));
    notifier.queueNotify(inRoom('r', 'b'));
    notifier.setFilter({ excludeEvents: ['c'] });
    notifier.queueNotify(inRoom('r', 'c'), extra('theirs'));
    await settle();
    expect([own.events(), other.events()]).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ]);
    expect(targets).toContainEqual({ url: 'https://extra', key: 'theirs', secret: 'their secret' });
    expect(targets).toHaveLength(2);
  });

  test('EGRESS 3.24: an unknown key is an error to the caller, counted; the URLs of the notifier have the event', async () => {
    const { notifier, own } = withExtra();
    expect(() => notifier.queueNotify(inRoom('r', 'a'), extra('stranger'))).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('stranger') }),
    );
    await settle();
    expect(own.events()).toEqual(['a']);
    expect(notifier.books).toMatchObject({ in: 1, sent: 1, refused: 1 });
  });

  test('EGRESS 3.24: a missing key or secret is an error, after which nothing is held', async () => {
    const { notifier, own } = withExtra({ key: '', secret: '' });
    expect(() => notifier.queueNotify(inRoom('r', 'a'))).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => notifier.queueNotify(inRoom('r', 'a'), extra(''))).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    notifier.setKeys('key', '');
    expect(() => notifier.queueNotify(inRoom('r', 'a'))).toThrow(expect.objectContaining({ code: 'invalid' }));
    notifier.setKeys('key', 'secret');
    notifier.queueNotify(inRoom('r', 'b'));
    await settle();
    expect(own.events()).toEqual(['b']);
    expect(notifier.books).toMatchObject({ in: 1, refused: 4 });
  });

  test('EGRESS 3.24: extra webhooks make at most 1,000 receivers', () => {
    const { notifier } = withExtra({ urls: [], sink: () => scriptedSink() });
    const to = (n: number) => ({ extraWebhooks: [{ url: `https://${n}`, signingKey: 'theirs' }] });
    for (let n = 0; n < 1000; n++) notifier.queueNotify(inRoom('r'), to(n));
    expect(() => notifier.queueNotify(inRoom('r'), to(1000))).toThrow(expect.objectContaining({ code: 'refused' }));
    notifier.queueNotify(inRoom('r'), to(0));
    expect(notifier.books).toMatchObject({ in: 1001, refused: 1 });
  });

  test('EGRESS 3.24: its receiver is closed when it had nothing to do for five minutes', async () => {
    const { notifier, other, own, clock } = withExtra();
    notifier.queueNotify(inRoom('r', 'a'), extra('theirs'));
    await settle();
    clock.advance(240_000);
    expect(other.state.closed).toBe(false);
    clock.advance(60_000);
    expect([other.state.closed, own.state.closed]).toEqual([true, false]);
  });
});

describe('EGRESS 3.25: the end', () => {
  test('EGRESS 3.25: stop sends what waits, then closes the sinks; it is one stop', async () => {
    const { sink, gates } = gated();
    const { notifier, clock } = rigged([sink]);
    for (const event of ['a', 'b']) notifier.queueNotify(inRoom('r', event));
    const stopped = notifier.stop();
    expect(notifier.stop()).toBe(stopped);
    gates[0]?.();
    await expect.poll(() => gates.length).toBe(2);
    expect(sink.state.closed).toBe(false);
    gates[1]?.();
    await stopped;
    expect([sink.events(), sink.state.closed, clock.pending]).toEqual([['a', 'b'], true, 0]);
  });

  test('EGRESS 3.25: at its deadline the rest is dropped, and said to be', async () => {
    const sink = scriptedSink(never);
    const { notifier, clock, errors } = rigged([sink]);
    for (const event of ['a', 'b']) notifier.queueNotify(inRoom('r', event));
    const stopped = notifier.stop({ deadlineMs: 2000 });
    await settle();
    expect(notifier.books.pending).toBe(2);
    clock.advance(2000);
    await stopped;
    expect(errors()).toEqual(['shutdown', 'shutdown']);
    expect(notifier.books).toMatchObject({ pending: 0, dropped: { shutdown: 2 } });
  });

  test('EGRESS 3.25: with drop it does so at once, in the middle of a back-off too', async () => {
    const sink = scriptedSink(({ room }: Body) => {
      if (room.name === 'down') throw new SinkError('unavailable', 'down');
      return never();
    });
    const { notifier, clock, errors } = rigged([sink]);
    for (const name of ['down', 'hung', 'hung']) notifier.queueNotify(inRoom(name));
    await settle();
    await notifier.stop({ drop: true });
    expect(errors()).toEqual(['shutdown', 'shutdown', 'shutdown']);
    expect([sink.state.closed, clock.pending]).toEqual([true, 0]);
  });

  test('EGRESS 3.25: a sink that never closes does not hold it past its deadline', async () => {
    const { notifier, clock } = rigged([{ ...scriptedSink(), close: never }]);
    notifier.queueNotify(inRoom('r'));
    await settle();
    const stopped = notifier.stop({ deadlineMs: 2000 });
    await settle();
    clock.advance(2000);
    await stopped;
    expect(notifier.books.sent).toBe(1);
  });

  test('EGRESS 3.25: afterwards events are refused and counted', async () => {
    const sink = scriptedSink();
    const { notifier } = rigged([sink]);
    await notifier.stop();
    expect(() => notifier.queueNotify(inRoom('r'))).toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(notifier.books).toMatchObject({ in: 0, refused: 1 });
  });
});
