import { ManualClock } from '@runnel/protocol/testing';
import { nodeTransport, type Transport } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { describe, expect, it } from 'vitest';
import {
  BASE,
  cleanups,
  control,
  eventTypes,
  follow,
  type Message,
  runnerOn,
  server,
  telemetry,
} from '../test/session.ts';
import { createRunner } from './index.ts';

describe('telemetry on the events channel', () => {
  it('EGRESS 1.1: an event is exactly one line with epoch, seq and envelope, type first and event last', async () => {
    const host = server();
    const runner = runnerOn(host);
    runner.emit('stream_started', { a: 1 });
    await runner.close();
    const events = follow(host);
    await events.done;
    const [line, ...more] = events.lines.filter(({ value }) => value.type === 'telemetry');
    expect(more).toStrictEqual([]);
    expect(Object.keys(line?.value ?? {})).toStrictEqual(['type', 'epoch', 'seq', 'event']);
    expect(line?.value).toMatchObject({
      epoch: runner.epoch,
      seq: 1,
      event: { data: { type: 'stream_started', a: 1 } },
    });
    expect(runner.epoch).toMatch(/^[0-9a-f]{8}$/);
    expect(host.channels().map(({ name }) => name)).toStrictEqual(['s-events']);
  });

  it('a runner with nothing to say comes back to a channel that was deleted under it', async () => {
    const host = server({ lingerMs: 0 });
    const runner = runnerOn(host, { heartbeatMs: 3_600_000 });
    const before = follow(host);
    await before.one('runner_ready');
    const deleted = host.transport.post(runner.urls.events as string, { method: 'DELETE' });
    deleted.end();
    expect((await deleted.answer).status).toBe(200);
    await before.done;
    const life = before.lines.at(-1)?.epoch;
    const after = follow(host);
    await after.until(() => after.lines.some(({ value, epoch }) => value.type === 'runner_ready' && epoch !== life));
  });

  it('EGRESS 1.4: a hundred events arrive in order, once, numbered without a gap', async () => {
    const host = server();
    const runner = runnerOn(host);
    const events = follow(host);
    for (let n = 1; n <= 100; n++) {
      runner.emit('e', { n });
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const arrived = telemetry(await events.until((all) => telemetry(all).length === 100));
    expect(arrived.map(({ seq }) => seq)).toStrictEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(arrived.map(({ event }) => (event as { data: { n: number } }).data.n)).toStrictEqual(
      arrived.map(({ seq }) => seq),
    );
    expect(new Set(arrived.map(({ event }) => (event as { id: string }).id)).size).toBe(100);
  });

  it('PROTOCOL 8.3: events that the ring dropped are a gap in the numbers', async () => {
    const host = server();
    const runner = runnerOn(host, { buffer: 4 });
    for (let n = 0; n < 10; n++) runner.emit('e');
    const arrived = telemetry(await follow(host).until((all) => telemetry(all).length === 4));
    expect(arrived.map(({ seq }) => seq)).toStrictEqual([7, 8, 9, 10]);
  });

  it('EGRESS 1.11: sessions do not mix, and the end of one leaves the other alone', async () => {
    const host = server();
    const [a, b] = [runnerOn(host, { session: 'a' }), runnerOn(host, { session: 'b' })];
    a.emit('of a');
    b.emit('of b');
    await a.close();
    b.emit('of b again');
    const again = runnerOn(host, { session: 'a' });
    again.emit('of a again');
    expect(eventTypes(await follow(host, 'b').until((all) => telemetry(all).length === 2))).toStrictEqual([
      'of b',
      'of b again',
    ]);
    expect(eventTypes(await follow(host, 'a').until((all) => telemetry(all).length === 1))).toStrictEqual([
      'of a again',
    ]);
  });

  it('EGRESS 1.12: close writes what is queued and a last report before the channel ends', async () => {
    const host = server();
    const runner = runnerOn(host);
    const events = follow(host);
    for (let n = 0; n < 100; n++) runner.emit('e');
    await runner.close();
    await events.done;
    expect(telemetry(events.messages())).toHaveLength(100);
    const report = { type: 'losses', epoch: runner.epoch, emitted: 100, written: 100, dropped: {}, last: true };
    expect(events.messages().at(-1)).toStrictEqual(report);
    expect(events.reader.subscription.end).toBe('ended');
  });

  it('EGRESS 1.20: a media loop that raises is one error event; a cancelled one is none', async () => {
    const host = server();
    const runner = runnerOn(host);
    const failure = new RangeError('no more frames');
    await expect(runner.guard('media_input', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(
      runner.guard('media_output', () => Promise.reject(new DOMException('stop', 'AbortError'))),
    ).resolves.toBeUndefined();
    const untilClosed = runner.guard('media_audio_output', async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('stopped in the middle');
    });
    runner.emit('end');
    await runner.close();
    await expect(untilClosed).resolves.toBeUndefined();
    const events = follow(host);
    await events.done;
    expect(eventTypes(events.messages())).toStrictEqual(['error', 'end']);
    const error = { error_type: 'media_input_loop_failed', exception_type: 'RangeError', message: 'no more frames' };
    expect(telemetry(events.messages())[0]).toMatchObject({ event: { data: { session_id: 's', error } } });
  });

  it('EGRESS 1.22: the events of a stream’s life ride unchanged and in order', async () => {
    const host = server();
    const runner = runnerOn(host);
    const types =
      'session_created pipeline_load_start pipeline_loaded stream_started playback_ready error stream_stopped pipeline_unloaded session_closed';
    for (const type of types.split(' ')) runner.emit(type, { note: `of ${type}` });
    const arrived = await follow(host).until((all) => telemetry(all).length === 9);
    expect(eventTypes(arrived)).toStrictEqual(types.split(' '));
  });

  it('EGRESS 1.25: a notification of nearly 5 MiB passes, a larger one is counted', async () => {
    const host = server();
    const runner = runnerOn(host);
    const events = follow(host);
    runner.notify('x'.repeat(5_242_880 - 100));
    runner.notify('x'.repeat(5_242_880));
    expect(await events.one('notification')).toMatchObject({ payload: expect.any(String) });
    await expect.poll(() => runner.books.messages.pending).toBe(0);
    expect(runner.books.messages).toMatchObject({ queued: 2, written: 1, dropped: { notification: 1 } });
  });
});

describe('messages beside telemetry', () => {
  it('EGRESS 1.19: runner_ready comes first and tells the start-up time, though nobody was attached', async () => {
    const host = server();
    const clock = new ManualClock();
    clock.advance(1500);
    const runner = runnerOn(host, { clock, startedAt: 300 });
    runner.emit('e');
    await expect.poll(() => runner.books.written).toBe(1);
    const [first] = await follow(host).until((all) => all.length >= 2);
    expect(first).toStrictEqual({
      type: 'runner_ready',
      startup_ms: 1200,
      epoch: runner.epoch,
      telemetry_enabled: true,
      sampling_rate: 1,
    });
  });

  it('EGRESS 1.24: messages overtake telemetry that is queued before them', async () => {
    const host = server();
    const runner = runnerOn(host);
    for (let n = 0; n < 256; n++) runner.emit('e');
    runner.notify({ text: 'urgent' });
    const all = await follow(host).until((messages) => telemetry(messages).length === 256);
    expect(all.slice(0, 3).map(({ type }) => type)).toStrictEqual(['runner_ready', 'notification', 'telemetry']);
  });

  it('PROTOCOL 8.1: log lines travel together, at most 50 a message', async () => {
    const host = server();
    const runner = runnerOn(host);
    for (let n = 0; n < 120; n++) runner.log(`line ${n}`);
    const all = await follow(host).until((messages) => messages.filter(({ type }) => type === 'logs').length === 3);
    const logs = all.filter(({ type }) => type === 'logs').map(({ lines }) => lines as string[]);
    expect(logs.map((lines) => lines.length)).toStrictEqual([50, 50, 20]);
    expect(logs.flat()).toStrictEqual(Array.from({ length: 120 }, (_, n) => `line ${n}`));
  });

  it('bounds what waits while nothing can leave, and counts by kind what had to go', async () => {
    const host = server();
    await host.stop();
    const runner = runnerOn(host);
    for (let n = 0; n < 300; n++) runner.notify(n);
    for (let n = 0; n < 1100; n++) runner.log(`line ${n}`);
    runner.notify(1n);
    expect(runner.books.messages).toStrictEqual({
      queued: 1401,
      written: 0,
      pending: 1256,
      dropped: { notification: 45, logs: 100 },
      withheld: 0,
    });
  });

  it('PROTOCOL 8.4: the losses report goes out with every heartbeat interval', async () => {
    const host = server();
    const clock = new ManualClock();
    const runner = runnerOn(host, { clock, buffer: 2, heartbeatMs: 10_000 });
    const events = follow(host);
    for (let n = 0; n < 5; n++) runner.emit('e');
    await events.until((all) => telemetry(all).length === 2);
    clock.advance(10_000);
    expect(await events.one('losses')).toStrictEqual({
      type: 'losses',
      epoch: runner.epoch,
      emitted: 5,
      written: 2,
      dropped: { queue_overflow: 3 },
    });
  });
});

describe('a server that is not there', () => {
  it('EGRESS 4.4: starts before the server, keeps the newest events, and sends them first and in order when it comes', async () => {
    const host = server();
    await host.stop();
    const runner = runnerOn(host, { buffer: 4 });
    for (let n = 0; n < 6; n++) runner.emit('e');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(runner.books).toMatchObject({ emitted: 6, written: 0, pending: 4, dropped: { queue_overflow: 2 } });
    host.start();
    const all = await follow(host).until((messages) => telemetry(messages).length === 4);
    expect(all[0]).toMatchObject({ type: 'runner_ready' });
    expect(telemetry(all).map(({ seq }) => seq)).toStrictEqual([3, 4, 5, 6]);
  });

  it('outlives a server that forgets everything: it says again who it is, and the numbers go on', async () => {
    const host = server();
    const runner = runnerOn(host);
    runner.emit('before');
    await follow(host).until((all) => telemetry(all).length === 1);
    await host.stop();
    host.start();
    const events = follow(host);
    runner.emit('may be lost with the old connection');
    await expect.poll(() => runner.books.pending).toBe(0);
    runner.emit('after');
    const all = await events.until((messages) => eventTypes(messages).includes('after'));
    expect(all.find(({ type }) => type === 'runner_ready')).toMatchObject({ epoch: runner.epoch });
    const { emitted, written, dropped } = runner.books;
    expect(emitted).toBe(3);
    expect(written + (dropped.write_failed ?? 0)).toBe(3);
    expect(telemetry(all).at(-1)).toMatchObject({ seq: 3 });
  });

  it('loses at most what it had in hand when the server goes; the rest waits in the ring', async () => {
    // Over sockets: in process there is no connection whose loss could be noticed.
    const first = await serve({ autocreate: true });
    const sockets = nodeTransport();
    const asked: string[] = [];
    const get: Transport['get'] = (url, request) => {
      asked.push(url);
      return sockets.get(url, request);
    };
    const runner = createRunner({ session: 's', eventsUrl: `${first.url}s-events`, transport: { ...sockets, get } });
    cleanups.push(() => runner.close({ deadlineMs: 1000 }));
    await expect.poll(() => first.trickle.get('s-events')?.head).toBe(1);
    await first.close();
    for (let n = 1; n <= 5; n++) {
      runner.emit('e', { n });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => runner.books.dropped.write_failed).toBeDefined();
    const { dropped, pending } = runner.books;
    expect(dropped.write_failed).toBeLessThan(5);
    expect(pending).toBe(5 - (dropped.write_failed ?? 0));
    const before = asked.length;
    await expect.poll(() => asked.length).toBeGreaterThanOrEqual(before + 3);
    expect(runner.books).toMatchObject({ pending, dropped });
    const next = await serve({ autocreate: true, port: first.port });
    cleanups.push(() => next.close());
    await expect.poll(() => runner.books.pending).toBe(0);
    expect(runner.books).toMatchObject({
      emitted: 5,
      written: pending,
      dropped: { write_failed: dropped.write_failed },
    });
  });

  it('outlives the end of its channel, opens it anew, and says again who it is', async () => {
    const host = server({ lingerMs: 0 });
    const runner = runnerOn(host);
    await follow(host).one('runner_ready');
    const deletion = host.transport.post(`${BASE}s-events`, { method: 'DELETE' });
    deletion.end();
    expect(await deletion.answer).toMatchObject({ status: 200 });
    runner.emit('may be lost with the old channel');
    await expect.poll(() => runner.books.pending).toBe(0);
    runner.emit('after');
    const [first] = await follow(host).until((all) => eventTypes(all).includes('after'));
    expect(first).toMatchObject({ type: 'runner_ready', epoch: runner.epoch });
  });

  it('HOUSE 10: takes a channel that was made for it, where it may not make one', async () => {
    const host = server({ autocreate: false, channels: [{ name: 's-events', mime: 'application/jsonl' }] });
    const runner = runnerOn(host);
    runner.emit('e');
    expect(await follow(host).one('telemetry')).toMatchObject({ seq: 1 });
  });

  it('closes within its deadline while the server is away, and counts what stayed', async () => {
    const host = server();
    await host.stop();
    const runner = runnerOn(host);
    runner.emit('e');
    const began = performance.now();
    const books = await runner.close({ deadlineMs: 300 });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(books).toMatchObject({ emitted: 1, written: 0, pending: 0, dropped: { shutdown: 1 } });
  });
});

it('closes within its deadline though the server takes everything and answers nothing', async () => {
  const clock = new ManualClock();
  const mute: Transport = {
    get: () => new Promise(() => {}),
    post: () => ({
      connected: Promise.resolve(),
      answer: new Promise(() => {}),
      write: () => false,
      drained: () => new Promise(() => {}),
      end: () => {},
      abort: () => {},
    }),
  };
  const runner = createRunner({ session: 's', url: BASE, transport: mute, clock });
  runner.emit('e');
  const closed = runner.close({ deadlineMs: 3000 });
  for (let ms = 0; ms < 3000; ms += 500) {
    clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await closed).toMatchObject({ emitted: 1, pending: 0, dropped: { shutdown: 1 } });
});

describe('the control channel', () => {
  it('answers ping with pong at once, the stamp and id as they came', async () => {
    const host = server();
    runnerOn(host);
    const events = follow(host);
    const { ask } = control(host);
    await ask({ type: 'ping', request_id: 'p1', timestamp: 1234.5 });
    expect(await events.one('pong')).toStrictEqual({ type: 'pong', request_id: 'p1', timestamp: 1234.5 });
  });

  it('PROTOCOL 8.1: answers each kind of request with its own type and the request’s id', async () => {
    const host = server();
    const runner = runnerOn(host);
    runner.onRequest('start_stream', () => ({ channels: [] }));
    runner.onRequest('stop_stream', async () => undefined);
    runner.onRequest('parameters', ({ params }) => ({ status: 'ok', params }));
    runner.onRequest('api', ({ method, path }) => ({
      status: 200,
      data: `${method} ${path}`,
      type: 'forged',
      request_id: 'forged',
    }));
    const events = follow(host);
    const { ask } = control(host);
    await ask({ type: 'start_stream', request_id: '1' });
    await ask({ type: 'stop_stream', request_id: '2' });
    await ask({ type: 'parameters', request_id: '3', params: { fps: 5 } });
    await ask({ type: 'api', request_id: '4', method: 'GET', path: '/x' });
    const all = await events.until((messages) => messages.filter((each) => 'request_id' in each).length === 4);
    const answers = all
      .filter((each) => 'request_id' in each)
      .sort((a, b) => Number(a.request_id) - Number(b.request_id));
    expect(answers).toStrictEqual([
      { channels: [], type: 'stream_started', request_id: '1' },
      { type: 'stream_stopped', request_id: '2' },
      { status: 'ok', params: { fps: 5 }, type: 'parameters_ack', request_id: '3' },
      { status: 200, data: 'GET /x', type: 'api_response', request_id: '4' },
    ]);
  });

  it.each([
    ['a type nobody serves', { type: 'dance' }, 'unknown type "dance"'],
    ['a request without its fields', { type: 'api' }, 'api: method: '],
    ['a handler that throws', { type: 'throws' }, 'no such thing'],
    ['a handler that rejects', { type: 'rejects' }, 'not now'],
    ['an answer that is no JSON', { type: 'unserialisable' }, 'the answer is no JSON, or too large'],
    ['an answer over the event cap', { type: 'huge' }, 'the answer is no JSON, or too large'],
  ])('answers %s with an error', async (_what, message, error) => {
    const host = server();
    const runner = runnerOn(host);
    runner.onRequest('throws', () => {
      throw new Error('no such thing');
    });
    runner.onRequest('rejects', () => Promise.reject(new Error('not now')));
    runner.onRequest('unserialisable', () => ({ big: 1n }));
    runner.onRequest('huge', () => ({ data: 'x'.repeat(5_242_880) }));
    const events = follow(host);
    await control(host).ask({ ...message, request_id: 'r' });
    const answer = await events.one('error');
    expect(answer).toMatchObject({ request_id: 'r', error: expect.stringContaining(error) });
  });

  it('EGRESS 1.14, 6.17: ignores what is no request, and lives through lines that are no JSON', async () => {
    const host = server();
    runnerOn(host);
    const events = follow(host);
    const { writer, ask } = control(host);
    await ask({ keep: 'alive' });
    await ask({ type: 'keep' });
    await ask({ type: 7 });
    for (const line of ['{broken', '[]', 'null', '"text"']) await writer.write(line);
    await ask({ type: 'ping', timestamp: 1 });
    expect(await events.one('pong')).toStrictEqual({ type: 'pong', timestamp: 1 });
    expect(events.messages().map(({ type }) => type)).toStrictEqual(['runner_ready', 'pong']);
  });

  it('answers with an error where a handler throws something without a string form', async () => {
    const host = server();
    runnerOn(host).onRequest('api', () => Promise.reject(Object.create(null)));
    const events = follow(host);
    await control(host).ask({ type: 'api', request_id: 'a', method: 'GET', path: '/' });
    expect(await events.one('error')).toStrictEqual({ type: 'error', request_id: 'a', error: 'object' });
  });

  it('serves requests side by side, and refuses more than it can hold', async () => {
    const host = server();
    const runner = runnerOn(host);
    const gate = Promise.withResolvers<object>();
    runner.onRequest('wait', () => gate.promise);
    const events = follow(host);
    const { ask } = control(host);
    for (let n = 0; n < 65; n++) await ask({ type: 'wait', request_id: String(n) });
    expect(await events.one('error')).toMatchObject({ request_id: '64', error: 'busy: 64 requests are open' });
    gate.resolve({ done: true });
    await events.until((all) => all.filter(({ type }) => type === 'api_response').length === 64);
  });

  it('reads a channel that has ended once, however long it lingers, and its next life from the beginning', async () => {
    const host = server();
    const asked: string[] = [];
    const get: Transport['get'] = (url, request) => {
      if (url.startsWith(`${BASE}s-control/`)) asked.push(url);
      return host.transport.get(url, request);
    };
    runnerOn({ ...host, transport: { ...host.transport, get } });
    const events = follow(host);
    const ended = control(host);
    await ended.ask({ type: 'ping', request_id: '1', timestamp: 1 });
    await events.one('pong');
    await ended.writer.close();
    const before = asked.length;
    // It comes back to the channel that lingers, reads it and finds it ended, twice.
    await expect.poll(() => asked.length).toBeGreaterThanOrEqual(before + 4);
    const { ask } = control(host, { rollBytes: 1 });
    for (const id of ['2', '3', '4']) await ask({ type: 'ping', request_id: id, timestamp: 2 });
    const pongsOf = (all: Message[]) => all.filter(({ type }) => type === 'pong').map((each) => each.request_id);
    expect(pongsOf(await events.until((all) => pongsOf(all).includes('4')))).toStrictEqual(['1', '2', '3', '4']);
  });
});
