import { TrickleError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import type { Upload } from '@runnel/pubsub';
import { describe, expect, test } from 'vitest';
import { eventually, pass, startLoop } from './loop.ts';

describe('pings', () => {
  test('PROTOCOL 8.2: the runner is pinged at once and then every 10 s, with an id and a time', async () => {
    const clock = new ManualClock();
    const { relay, control, events } = startLoop({ clock });
    const session = relay.open('demo');
    const messages = control('demo');
    const pings = [];
    for (let n = 0; n < 3; n++) {
      let ping: IteratorResult<Record<string, unknown>> | undefined;
      void messages.next().then((each) => {
        ping = each;
      });
      await pass(clock, () => ping !== undefined, 10);
      pings.push(ping?.value);
    }
    expect(pings).toEqual(
      Array.from({ length: 3 }, () => ({
        type: 'ping',
        request_id: expect.any(String),
        timestamp: expect.any(Number),
      })),
    );
    expect(new Set(pings.map((ping) => ping?.request_id)).size).toBe(3);
    const times = pings.map((ping) => Number(ping?.timestamp));
    for (const [at, time] of times.slice(1).entries()) {
      expect(time - Number(times[at])).toBeGreaterThanOrEqual(10_000);
      expect(time - Number(times[at])).toBeLessThan(11_000);
    }
    expect(session.books.pings.sent).toBe(3);
    await events('demo').write(JSON.stringify({ ...pings[2], type: 'pong' }));
    await pass(clock, () => session.books.pings.pongs === 1, 10);
    expect(session.books.pings.rttMs).toBeGreaterThan(0);
    expect(session.books.pings.rttMs).toBeLessThan(10_000);
  });

  test('a server that swallows requests for ten minutes does not get ten minutes of pings at once', async () => {
    const clock = new ManualClock();
    const { trickle, transport, control, events } = startLoop({ clock });
    const revived = Promise.withResolvers<void>();
    const { relay } = startLoop({
      clock,
      transport: {
        get: async (url, request) => revived.promise.then(() => transport.get(url, request)),
        post: (url, request) =>
          clock.now() < 600_000
            ? swallow(transport.post('http://nowhere.test/x/-9', request))
            : transport.post(url, request),
      },
    });
    const session = relay.open('demo');
    await pass(clock, () => clock.now() >= 600_000);
    expect(session.books.pings.unsent).toBeGreaterThan(50);
    revived.resolve();
    const pings: Record<string, unknown>[] = [];
    void (async () => {
      for await (const message of control('demo')) pings.push(message);
    })();
    await pass(clock, () => pings.length > 0);
    expect(pings.length).toBeLessThanOrEqual(3);
    expect(trickle.get('demo-control')).toBeDefined();
    await events('demo').write(JSON.stringify({ ...pings.at(-1), type: 'pong' }));
    await pass(clock, () => session.books.pings.pongs === 1);
    expect(session.books.pings.rttMs).toBeLessThan(10_000);
  });

  test('the round trip does not count how long the ping waited for its server', async () => {
    const clock = new ManualClock();
    const { transport, control, events } = startLoop({ clock });
    const away = new TrickleError('unreachable', 'away');
    const { relay } = startLoop({
      clock,
      transport: {
        ...transport,
        get: async (url, request) => (clock.now() < 5000 ? Promise.reject(away) : transport.get(url, request)),
      },
    });
    const session = relay.open('demo');
    let ping: Record<string, unknown> | undefined;
    void control('demo')
      .next()
      .then(({ value }) => {
        ping = value;
      });
    await pass(clock, () => session.books.pings.sent > 0, 10);
    const sentAt = clock.now();
    await pass(clock, () => ping !== undefined, 10);
    await events('demo').write(JSON.stringify({ ...ping, type: 'pong' }));
    await pass(clock, () => session.books.pings.pongs === 1, 10);
    expect(session.books.pings.rttMs).toBeLessThanOrEqual(clock.now() - sentAt);
  });

  test('PROTOCOL 8.1: a pong that answers nothing is counted and measures nothing', async () => {
    const { relay, events } = startLoop();
    const session = relay.open('demo');
    await events('demo').writeMany(['{"type":"pong","timestamp":1}', '{"type":"pong","request_id":"?","timestamp":1}']);
    await eventually(() => expect(session.books.pings).toMatchObject({ pongs: 2, rttMs: undefined }));
  });
});

describe('the control channel', () => {
  test('HOUSE 10: it is made by the client, and opened anew when it was closed', async () => {
    const clock = new ManualClock();
    const { relay, trickle } = startLoop({ clock, pingMs: 1000 });
    const session = relay.open('demo');
    await pass(clock, () => session.books.pings.sent > 0);
    expect(trickle.get('demo-control')).toBeDefined();
    trickle.delete('demo-control');
    const { sent } = session.books.pings;
    await pass(clock, () => session.books.pings.sent > sent + 1 && trickle.get('demo-control') !== undefined);
    expect(session.books.control.opened).toBe(2);
  });

  test('HOUSE 10: on a server that creates nothing by itself, the client tries until the channel was made for it', async () => {
    const clock = new ManualClock();
    const { relay, trickle, control } = startLoop({ clock, pingMs: 5000, server: { autocreate: false } });
    const session = relay.open('demo');
    await pass(clock, () => session.books.control.opened >= 3);
    trickle.create('demo-control', 'application/jsonl');
    let message: unknown;
    void control('demo')
      .next()
      .then(({ value }) => {
        message = value;
      });
    await pass(clock, () => message !== undefined);
    expect(message).toMatchObject({ type: 'ping' });
  });

  test('the control channel is there for the next client after the relay was closed', async () => {
    const { relay, trickle } = startLoop();
    const session = relay.open('demo');
    await eventually(() => expect(session.books.pings.sent).toBe(1));
    await relay.close();
    expect(trickle.get('demo-control')).toBeDefined();
  });
});

describe('requests', () => {
  test('PROTOCOL 8.2: a request resolves with the answer that has its id', async () => {
    const { relay, control, events } = startLoop();
    const session = relay.open('demo');
    const runner = events('demo');
    const first = session.request('parameters', { params: { prompt: 'a' } });
    const second = session.request('start_stream', { params: {} });
    const asked: Record<string, unknown>[] = [];
    for await (const message of control('demo')) {
      if (message.type !== 'ping' && asked.push(message) === 2) break;
    }
    expect(asked).toMatchObject([{ type: 'parameters', params: { prompt: 'a' } }, { type: 'start_stream' }]);
    await runner.writeMany([
      '{"type":"api_response","request_id":"another"}',
      JSON.stringify({ type: 'pong', request_id: asked[1]?.request_id, timestamp: 1 }),
      JSON.stringify({ type: 'stream_started', request_id: asked[1]?.request_id, width: 3 }),
      JSON.stringify({ type: 'parameters_ack', request_id: asked[0]?.request_id }),
    ]);
    expect(await second).toMatchObject({ type: 'stream_started', width: 3 });
    expect(await first).toMatchObject({ type: 'parameters_ack' });
    expect(session.books.control.requestsWaiting).toBe(0);
  });

  test('PROTOCOL 8.1: an error that answers a request rejects it, as refused', async () => {
    const { relay, control, events } = startLoop();
    const session = relay.open('demo');
    const asked = session.request('api', { method: 'GET', path: '/x' });
    for await (const { type, request_id } of control('demo')) {
      if (type !== 'api') continue;
      await events('demo').write(JSON.stringify({ type: 'error', request_id, error: 'no such path' }));
      break;
    }
    await expect(asked).rejects.toMatchObject({ name: 'TrickleError', code: 'refused', message: 'no such path' });
  });

  test('a request without an answer is given up after its time, also when the server is away', async () => {
    const clock = new ManualClock();
    const { relay, transport } = startLoop({ clock });
    const away = startLoop({
      clock,
      transport: { ...transport, get: async () => Promise.reject(new TrickleError('unreachable', 'away')) },
    });
    for (const each of [relay, away.relay]) {
      let error: unknown;
      each
        .open('demo')
        .request('stop_stream', {}, { timeoutMs: 3000 })
        .catch((reason) => {
          error = reason;
        });
      const start = clock.now();
      await pass(clock, () => error !== undefined);
      expect(error).toMatchObject({ code: 'gave_up' });
      expect(clock.now() - start).toBeGreaterThanOrEqual(3000);
    }
  });

  test('a request that is no message of the protocol, or comes after the end, is refused at once', async () => {
    const { relay } = startLoop();
    const session = relay.open('demo');
    await expect(session.request('api', { path: 7 })).rejects.toMatchObject({ code: 'invalid' });
    const waiting = session.request('stop_stream');
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await session.close();
    await rejected;
    await expect(session.request('stop_stream')).rejects.toMatchObject({ code: 'aborted' });
  });
});

/** An upload that never gets an answer, nor anywhere. */
function swallow(upload: Upload): Upload {
  upload.answer.catch(() => {});
  upload.abort();
  const never = new Promise<never>(() => {});
  return {
    ...upload,
    connected: never,
    answer: never,
    write: () => true,
    drained: async () => {},
    end() {},
    abort() {},
  };
}
