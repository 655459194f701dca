import { type Envelope, type Sink, systemClock } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRunner, type Runner, type RunnerOptions } from './index.ts';

const runners: Runner[] = [];
afterEach(() => Promise.all(runners.splice(0).map((runner) => runner.close({ deadlineMs: 100 }))));

const WALL = 1_700_000_000_123;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function runnerWith(sink: Sink, options: Partial<RunnerOptions> = {}): Runner {
  const runner = createRunner({ session: 's', sink, clock: new ManualClock(WALL), ...options });
  runners.push(runner);
  return runner;
}

/** A sink that takes everything, and can be asked for the moment at which it has got so many. */
function taking() {
  const envelopes: Envelope[] = [];
  let onMore = () => {};
  const sink: Sink = {
    name: 'taking',
    async send(batch) {
      envelopes.push(...batch);
      onMore();
    },
    async close() {},
  };
  const events = async (count: number) => {
    while (envelopes.length < count) await new Promise<void>((resolve) => (onMore = resolve));
    return envelopes.map((envelope) => JSON.parse(text(envelope)));
  };
  return { sink, envelopes, events };
}

/** A sink that answers nothing until it is told to. */
function blocked() {
  const envelopes: Envelope[] = [];
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const sink: Sink = {
    name: 'blocked',
    async send(batch) {
      begun.resolve();
      await gate.promise;
      envelopes.push(...batch);
    },
    async close() {},
  };
  return { sink, envelopes, begun: begun.promise, release: gate.resolve };
}

const text = ({ bytes }: Envelope) => new TextDecoder().decode(bytes);

const balance = ({ emitted, written, pending, dropped }: Runner['books']) =>
  emitted - written - pending - Object.values(dropped).reduce((sum, count) => sum + count, 0);

describe('the envelope', () => {
  it('EGRESS 1.2: has an id, a type, and one time in two places; what is unset is absent', async () => {
    const { sink, events } = taking();
    runnerWith(sink, { clientSource: 'scope' }).emit('stream_started');
    const [event] = await events(1);
    expect(event).toStrictEqual({
      id: expect.stringMatching(UUID),
      type: 'stream_trace',
      timestamp: String(WALL),
      data: { type: 'stream_started', client_source: 'scope', timestamp: String(WALL), session_id: 's' },
    });
  });

  it('EGRESS 1.2: every id is a UUID of its own, in full batches and in small ones, also where some events cannot be written', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink, { buffer: 2000 });
    for (let n = 0; n < 1000; n++) runner.emit('e', n % 7 === 0 ? { toJSON: () => 1 } : undefined);
    await events(857);
    runner.emit('alone');
    const ids = (await events(858)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(858);
    expect(ids.filter((id) => !UUID.test(id))).toEqual([]);
  });

  it('every event has its own type and time, whatever those before it had', async () => {
    const { sink, events } = taking();
    const clock = new ManualClock(WALL);
    const runner = runnerWith(sink, { clock });
    const emitted = ['a', 'a', 'b', 'a'].flatMap((type, n) => {
      clock.advance(n % 2);
      runner.emit(type);
      return { type, timestamp: String(clock.wall()) };
    });
    const all = await events(4);
    expect(all.map(({ data: { type, timestamp } }) => ({ type, timestamp }))).toEqual(emitted);
    expect(all.map(({ timestamp }) => timestamp)).toEqual(emitted.map(({ timestamp }) => timestamp));
  });

  it('PROTOCOL 8.3: puts the optional members in their order and the caller’s own after them', async () => {
    const { sink, envelopes, events } = taking();
    const context = { user_id: 'u', pipeline_ids: ['p'], connection_id: 'c', connection_info: { gpu_type: 'H100' } };
    runnerWith(sink, { context }).emit('e', { b: 1, a: 2, '7': 3, error: { message: 'm' } });
    await events(1);
    const json = text(envelopes[0] as Envelope);
    const order = [...json.slice(json.indexOf('"data"')).matchAll(/"([a-z_]+|7)":/g)].map(([, name]) => name);
    expect(order).toStrictEqual(
      'data type client_source timestamp session_id connection_id pipeline_ids user_id error message connection_info gpu_type 7 b a'.split(
        ' ',
      ),
    );
  });

  it('EGRESS 1.2: leaves out optional members that are empty, and those that an event sets to null', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink, {
      context: { connection_id: '', pipeline_ids: [], user_id: 'u', connection_info: {} },
    });
    runner.emit('e', { user_id: null, own: null, list: [] });
    const [{ data }] = await events(1);
    expect(data).toStrictEqual({
      type: 'e',
      client_source: 'runnel',
      timestamp: String(WALL),
      session_id: 's',
      own: null,
      list: [],
    });
  });

  it('EGRESS 1.3: takes metadata and errors as they are, and refuses and counts what would overwrite its own members', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink);
    const error = { error_type: 'x', nested: { deep: [1, 2] } };
    runner.emit('real', { a: 1, error, type: 'forged', timestamp: 1, client_source: 'forged', session_id: 'other' });
    const [{ type, timestamp, data }] = await events(1);
    expect({ type, timestamp }).toStrictEqual({ type: 'stream_trace', timestamp: String(WALL) });
    expect(data).toStrictEqual({
      type: 'real',
      client_source: 'runnel',
      timestamp: String(WALL),
      session_id: 'other',
      error,
      a: 1,
    });
    expect(runner.books.refusedFields).toBe(3);
  });

  it('describes an Error given as `error`', async () => {
    const { sink, events } = taking();
    runnerWith(sink).emit('error', { error: new RangeError('too far') });
    const [{ data }] = await events(1);
    expect(data.error).toStrictEqual({ exception_type: 'RangeError', message: 'too far' });
  });

  it('EGRESS 4.1: carries the correlation id as a field of data, unless it is empty', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink);
    runner.emit('a', { x: 1 }, { correlationId: 'c-1' });
    runner.emit('b', undefined, { correlationId: 'c-2' });
    runner.emit('c', { x: 1 }, { correlationId: '' });
    const ids = (await events(3)).map(({ data }) => data.correlation_id);
    expect(ids).toStrictEqual(['c-1', 'c-2', undefined]);
  });

  it('EGRESS 4.2: writes BigInts as decimal strings and what is no number as null', async () => {
    const { sink, events } = taking();
    runnerWith(sink).emit('e', { big: 2n ** 60n, nested: { big: 1n }, nan: Number.NaN, inf: Infinity });
    const [{ data }] = await events(1);
    expect(data).toMatchObject({ big: '1152921504606846976', nested: { big: '1' }, nan: null, inf: null });
  });

  it('EGRESS 4.1: measurements and metadata are fields of data, stamped in nanoseconds', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink);
    runner.emit('inference.start', { measurements: { tokens: 3 }, metadata: { model: 'm' } }, { correlationId: 'c' });
    runner.emit('given', { measurements: {}, timestamp_ns: 1_700_000_000_123_456_789n });
    runner.emit('neither', { a: 1 });
    const [first, second, third] = (await events(3)).map(({ data }) => data);
    expect(first).toMatchObject({
      type: 'inference.start',
      timestamp_ns: `${WALL}000000`,
      measurements: { tokens: 3 },
      metadata: { model: 'm' },
      correlation_id: 'c',
    });
    expect(second.timestamp_ns).toBe('1700000000123456789');
    expect(third).not.toHaveProperty('timestamp_ns');
  });

  it('EGRESS 4.2: measurements become numbers where they can, metadata strings; what is unset is absent', async () => {
    const { sink, envelopes, events } = taking();
    const odd = { int: 7, float: 1.5, yes: true, no: false, text: 'x', big: 2n ** 60n, none: null, unset: undefined };
    runnerWith(sink).emit('e', { measurements: { ...odd, list: [1] }, metadata: { ...odd, nested: { a: 1 } } });
    const [{ data }] = await events(1);
    const big = '1152921504606846976';
    expect(data.measurements).toStrictEqual({ int: 7, float: 1.5, yes: 1, no: 0, text: 'x', big, list: '[1]' });
    const texts = { int: '7', float: '1.5', yes: 'true', no: 'false', text: 'x', big, nested: '{"a":1}' };
    expect(data.metadata).toStrictEqual(texts);
    expect(text(envelopes[0] as Envelope)).toContain('"int":7,');
  });

  it('EGRESS 4.20: costs at most 200 bytes beyond its payload on the wire', async () => {
    const { sink, envelopes, events } = taking();
    const payload = { a: 1, b: 'text' };
    runnerWith(sink).emit('inference.start', payload);
    await events(1);
    const line = `{"type":"telemetry","epoch":"0a1b2c3d","seq":123456,"event":${text(envelopes[0] as Envelope)}}\n`;
    // Payload is what the caller gave and what the options gave: type, source, session, fields.
    const own = JSON.stringify({
      type: 'inference.start',
      client_source: 'runnel',
      session_id: 's',
      ...payload,
    }).length;
    expect(Buffer.byteLength(line) - own).toBeLessThanOrEqual(200);
  });

  it('is valid JSON whatever the strings in it hold', async () => {
    const { sink, envelopes, events } = taking();
    const nasty = 'quote " backslash \\ newline \n lone \ud800 separator \u2028 nul \u0000';
    createRunnerOf(sink, nasty).emit(nasty, { [nasty]: nasty });
    const [{ data }] = await events(1);
    expect(data.type).toBe(nasty);
    expect(data.session_id).toBe(nasty);
    expect(text(envelopes[0] as Envelope)).not.toContain('\n');
  });

  const createRunnerOf = (sink: Sink, name: string) => runnerWith(sink, { session: name, clientSource: name });
});

describe('what is captured when', () => {
  it('keeps the first level of data and the time as they were at the call', async () => {
    const { sink, events } = taking();
    const clock = new ManualClock(WALL);
    const runner = runnerWith(sink, { clock });
    const data = { frame: 1 };
    runner.emit('e', data);
    data.frame = 2;
    clock.advance(50);
    const [event] = await events(1);
    expect(event.timestamp).toBe(String(WALL));
    expect(event.data.frame).toBe(1);
  });

  it('serialises nothing at the call', async () => {
    const { sink, events } = taking();
    const toJSON = vi.fn(() => 'late');
    runnerWith(sink).emit('e', { lazy: { toJSON } });
    expect(toJSON).not.toHaveBeenCalled();
    const [{ data }] = await events(1);
    expect(data.lazy).toBe('late');
  });
});

describe('the ring', () => {
  it('EGRESS 1.6: with the drain blocked, 300 events into a ring of 256 leave the newest 256, the rest is counted', async () => {
    const { sink, envelopes, release, begun } = blocked();
    const runner = runnerWith(sink);
    runner.emit('in hand');
    await begun;
    for (let n = 1; n <= 300; n++) runner.emit('e', { n });
    expect(runner.books).toMatchObject({ emitted: 301, written: 0, pending: 257, dropped: { queue_overflow: 44 } });
    release();
    await runner.close();
    const numbers = envelopes.map((envelope) => JSON.parse(text(envelope)).data.n);
    expect(numbers).toStrictEqual([undefined, ...Array.from({ length: 256 }, (_, at) => at + 45)]);
    expect(runner.books).toMatchObject({ emitted: 301, written: 257, pending: 0, dropped: { queue_overflow: 44 } });
  });

  it('EGRESS 4.3: drops the newest instead, where it is told to; the numbers go on', async () => {
    const { sink, envelopes, release, begun } = blocked();
    const runner = runnerWith(sink, { buffer: 3, overflow: 'drop_newest' });
    runner.emit('in hand');
    await begun;
    for (const type of ['a', 'b', 'c', 'd', 'e']) runner.emit(type);
    expect(runner.books).toMatchObject({ emitted: 6, pending: 4, dropped: { queue_overflow: 2 } });
    release();
    await runner.close();
    const types = envelopes.map((envelope) => JSON.parse(text(envelope)).data.type);
    expect(types).toStrictEqual(['in hand', 'a', 'b', 'c']);
  });

  it('EGRESS 4.3: holds as many events as it is told to', () => {
    const runner = runnerWith(taking().sink, { buffer: 1000 });
    for (let n = 0; n < 1010; n++) runner.emit('e');
    expect(runner.books).toMatchObject({ pending: 1000, dropped: { queue_overflow: 10 } });
  });

  it('EGRESS E7: a million events in one turn leave the bound and an exact count', () => {
    const runner = runnerWith(taking().sink);
    for (let n = 0; n < 1_000_000; n++) runner.emit('e', { n });
    expect(runner.books).toMatchObject({ emitted: 1_000_000, pending: 256, dropped: { queue_overflow: 999_744 } });
  });

  it('EGRESS E6: gives other work its turn while ten thousand queued events are drained', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink, { buffer: 10_000, clock: systemClock });
    for (let n = 0; n < 10_000; n++) runner.emit('e', { n, payload: 'x'.repeat(100) });
    let turns = 0;
    const count = () => {
      turns++;
      if (runner.books.pending > 0) setImmediate(count);
    };
    setImmediate(count);
    await events(10_000);
    expect(turns).toBeGreaterThan(10_000 / 256 - 2);
  });
});

describe('what cannot be written', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const throwing = {
    get broken(): string {
      throw new Error('no');
    },
  };
  const cases: [string, object][] = [
    ['a cycle', { cycle }],
    ['a nested toJSON that throws', { at: { toJSON: () => Promise.reject.call(undefined) } }],
    ['a toJSON of its own that makes no object', { toJSON: () => 'text' }],
    ['a toJSON of its own that makes nothing', { toJSON: () => undefined }],
    ['a getter that throws', throwing],
    ['a nested getter that throws', { throwing }],
    ['a revoked proxy', revoked()],
  ];

  it.each(cases)('EGRESS 1.7: counts %s as unserialisable and goes on', async (_what, data) => {
    const { sink, events } = taking();
    const runner = runnerWith(sink);
    runner.emit('before');
    runner.emit('bad', data);
    runner.emit('after');
    expect((await events(2)).map((event) => event.data.type)).toStrictEqual(['before', 'after']);
    expect(await runner.close()).toMatchObject({ emitted: 3, written: 2, pending: 0, dropped: { unserialisable: 1 } });
  });

  it('EGRESS 1.24: counts an event over the limit as oversize, measured in bytes', async () => {
    const { sink, events } = taking();
    const runner = runnerWith(sink, { maxEventBytes: 1000 });
    runner.emit('narrow', { text: 'x'.repeat(600) });
    runner.emit('wide', { text: '€'.repeat(600) });
    runner.emit('long', { text: 'x'.repeat(2000) });
    runner.emit('after');
    expect((await events(2)).map((event) => event.data.type)).toStrictEqual(['narrow', 'after']);
    expect(runner.books.dropped).toStrictEqual({ oversize: 2 });
  });

  it('EGRESS 1.7: a type, a log line or something thrown that has no string form throws nowhere', async () => {
    const { sink } = taking();
    const odd: never = Object.create(null) as never;
    for (const control of [{}, { sampling: { rate: 0.5 } }]) {
      const runner = runnerWith(sink, { control });
      runner.emit(odd);
      runner.event(odd).emit();
      runner.log(odd);
      expect(() => runner.span('work').fail(odd)).not.toThrow();
      await expect(runner.guard('media_input', () => Promise.reject(odd))).rejects.toBe(odd);
      expect(balance(await runner.close())).toBe(0);
    }
  });

  it('a log line that is none at all is counted where messages go nowhere', async () => {
    const runner = runnerWith(taking().sink);
    runner.log(undefined as never);
    expect(runner.books.messages).toMatchObject({ queued: 1, pending: 0, dropped: { logs: 1 } });
  });

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }
});

describe('local mode', () => {
  it('EGRESS 1.8: hands the envelope to the sink, with the session and how it came', async () => {
    const { sink, envelopes, events } = taking();
    runnerWith(sink).emit('e');
    const [event] = await events(1);
    expect(envelopes[0]).toMatchObject({ id: event.id, session: 's', relayedVia: 'local', receivedAt: WALL });
  });

  it('EGRESS 1.8: without channel and sink emit is a counted no-op', async () => {
    const runner = createRunner({ session: 's' });
    runner.emit('e');
    runner.log('line');
    runner.notify({});
    expect(await runner.close()).toMatchObject({
      emitted: 1,
      pending: 0,
      dropped: { no_channel: 1 },
      messages: { queued: 2, pending: 0, dropped: { logs: 1, notification: 1 } },
    });
  });

  it('EGRESS 1.9: a sink that throws or rejects reaches nobody; what it refused is counted, later events still go out', async () => {
    const { sink, events } = taking();
    const moods = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ];
    const moody: Sink = { ...sink, send: (batch, signal) => (moods.shift() ?? (() => sink.send(batch, signal)))() };
    const runner = runnerWith(moody);
    for (const type of ['thrown', 'rejected']) {
      runner.emit(type);
      await expect.poll(() => runner.books.pending).toBe(0);
    }
    runner.emit('arrives');
    expect((await events(1)).map((event) => event.data.type)).toStrictEqual(['arrives']);
    await expect.poll(() => runner.books.pending).toBe(0);
    expect(runner.books).toMatchObject({ emitted: 3, written: 1, dropped: { write_failed: 2 } });
  });

  it('EGRESS 1.9: a sink that never settles holds one batch; emit returns, memory is bounded, close keeps its deadline', async () => {
    const clock = new ManualClock(WALL);
    const begun = Promise.withResolvers<AbortSignal>();
    const send = vi.fn((_batch: readonly Envelope[], signal: AbortSignal) => {
      begun.resolve(signal);
      return new Promise<void>(() => {});
    });
    const runner = runnerWith({ name: 'deaf', send, close: async () => {} }, { clock });
    runner.emit('first');
    const signal = await begun.promise;
    for (let n = 0; n < 1000; n++) runner.emit('e');
    clock.advance(30_000);
    expect(signal.aborted).toBe(true);
    expect(send).toHaveBeenCalledTimes(1);
    const closed = runner.close({ deadlineMs: 3000 });
    clock.advance(3000);
    expect(await closed).toMatchObject({
      emitted: 1001,
      written: 0,
      pending: 0,
      dropped: { queue_overflow: 744, shutdown: 257 },
    });
  });

  it('counts what a sink reports as not taken, and keeps to its batch size', async () => {
    const sizes: number[] = [];
    const picky: Sink = {
      name: 'picky',
      traits: { order: 'all', maxBatch: 4 },
      async send(batch) {
        sizes.push(batch.length);
        return { refused: [{ place: 0, reason: 'bad' }], retry: batch.length > 1 ? [1] : [] };
      },
      async close() {},
    };
    const runner = runnerWith(picky);
    for (let n = 0; n < 9; n++) runner.emit('e');
    await runner.close();
    expect(sizes).toStrictEqual([4, 4, 1]);
    expect(runner.books).toMatchObject({ emitted: 9, written: 4, dropped: { write_failed: 5 } });
  });
});

describe('close', () => {
  it('EGRESS 1.12: writes what is queued, refuses what comes after, and can be called again', async () => {
    const { sink, envelopes } = taking();
    const runner = runnerWith(sink);
    for (let n = 0; n < 100; n++) runner.emit('e');
    const [books, again] = await Promise.all([runner.close(), runner.close()]);
    expect(envelopes).toHaveLength(100);
    expect(books).toMatchObject({ emitted: 100, written: 100, pending: 0 });
    expect(again).toStrictEqual(books);
    runner.emit('late');
    expect(runner.books).toMatchObject({ emitted: 101, written: 100, dropped: { shutdown: 1 } });
  });

  it('EGRESS 1.12: counts as shutdown what does not leave before the deadline', async () => {
    const clock = new ManualClock();
    const { sink, envelopes, begun, release } = blocked();
    const runner = runnerWith(sink, { clock });
    for (let n = 0; n < 100; n++) runner.emit('e');
    await begun;
    const closed = runner.close({ deadlineMs: 1000 });
    clock.advance(1000);
    expect(await closed).toMatchObject({ emitted: 100, written: 0, pending: 0, dropped: { shutdown: 100 } });
    // What the sink makes of it afterwards is not counted a second time.
    release();
    await expect.poll(() => envelopes.length).toBe(100);
    expect(runner.books).toStrictEqual(await closed);
  });
});

it('EGRESS 1.12: of a batch that close cuts short, what the sink had taken is written and the rest is shutdown', async () => {
  const clock = new ManualClock();
  const stuck = Promise.withResolvers<void>();
  let sent = 0;
  const sink: Sink = {
    name: 'stuck',
    traits: { order: 'all', maxBatch: 10 },
    async send(_batch, signal) {
      if (++sent <= 3) return;
      stuck.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', reject));
    },
    async close() {},
  };
  const runner = runnerWith(sink, { clock });
  for (let n = 0; n < 100; n++) runner.emit('e');
  await stuck.promise;
  const closed = runner.close({ deadlineMs: 1000 });
  clock.advance(1000);
  expect(await closed).toMatchObject({ emitted: 100, written: 30, pending: 0, dropped: { shutdown: 70 } });
});

it('HOUSE books: balance at every moment, whatever the sink does', async () => {
  let calls = 0;
  const flaky: Sink = {
    name: 'flaky',
    async send() {
      if (++calls % 3 === 0) throw new Error('every third');
    },
    async close() {},
  };
  const runner = runnerWith(flaky, { buffer: 64 });
  for (let n = 0; n < 5000; n++) {
    runner.emit('e', n % 7 === 0 ? { toJSON: () => 1 } : { n });
    expect(balance(runner.books)).toBe(0);
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const books = await runner.close();
  expect(books.pending).toBe(0);
  expect(balance(books)).toBe(0);
  expect(Object.keys(books.dropped).sort()).toStrictEqual(['queue_overflow', 'unserialisable', 'write_failed']);
});
