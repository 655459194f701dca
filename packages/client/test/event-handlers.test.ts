/** The application's handlers of telemetry events. */
import { hostname } from 'node:os';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import type { HandledEvent, Relay, RelayOptions } from '../src/index.ts';
import { line, pass, startLoop } from './loop.ts';

/** A relay with a session, to which `emit` brings events of a runner. */
function handled(options: Partial<RelayOptions> = {}) {
  const warnings: string[] = [];
  const loop = startLoop({ onWarning: (sentence) => warnings.push(sentence), ...options });
  loop.relay.open('demo');
  const events = loop.events('demo');
  let seq = 0;
  return {
    ...loop,
    warnings,
    /** Resolves when the client has dealt with them. */
    async emit(...all: Readonly<Record<string, unknown>>[]) {
      const lines = all.map((data) => line(++seq, undefined, JSON.stringify({ id: `e${seq}`, data })));
      void events.writeMany(lines);
      const { clock } = options;
      if (clock instanceof ManualClock) await pass(clock, () => loop.sink.envelopes.length >= seq, 1);
      else await loop.sink.count(seq);
    },
    /** Attaches one that collects. */
    collect(id: string, which: { name: string } | { prefix: string }) {
      const got: HandledEvent[] = [];
      const detach = loop.relay.handlers.attach(id, which, (event) => got.push(event));
      return { got, detach, names: () => got.map(({ name }) => name.join('.')) };
    },
  };
}

describe('who gets an event', () => {
  test('EGRESS 4.13: handlers of its exact name and of prefixes, several of a name, in the order of attachment', async () => {
    const { collect, emit, relay } = handled();
    const all = collect('all', { prefix: 'runnel' });
    const start = collect('start', { name: 'runnel.runner.inference.start' });
    const below = collect('below', { prefix: 'runnel.runner.inference' });
    const order: string[] = [];
    for (const id of ['first', 'second'])
      relay.handlers.attach(id, { name: 'runnel.runner.inference.start' }, () => order.push(id));
    await emit({ type: 'inference.start' }, { type: 'inference.start.late' }, { type: 'inferences' });
    expect(start.names()).toEqual(['runnel.runner.inference.start']);
    expect(start.got[0]?.name).toEqual(['runnel', 'runner', 'inference', 'start']);
    expect(below.names()).toEqual(['runnel.runner.inference.start', 'runnel.runner.inference.start.late']);
    expect(all.names()).toHaveLength(3);
    expect(order).toEqual(['first', 'second']);
    start.detach();
    await emit({ type: 'inference.start' });
    expect(start.got).toHaveLength(1);
    expect(all.got).toHaveLength(4);
  });

  test('EGRESS 4.13: metadata is merged with what the client knows, which wins; an empty correlation id is absent', async () => {
    const context = (session: string) => ({ pool_name: `pool of ${session}`, pid: 7 });
    const { collect, emit } = handled({ handlers: { prefix: 'snakepit', context } });
    const { got } = collect('all', { prefix: 'snakepit.runner' });
    await emit(
      {
        type: 'step',
        measurements: { duration: '12345678901234567890', n: 1 },
        metadata: { user: 'u', pid: 'forged', worker_id: 'forged' },
        correlation_id: 'c1',
        more: true,
      },
      { type: 'step', correlation_id: '' },
    );
    expect(got[0]).toEqual({
      name: ['snakepit', 'runner', 'step'],
      measurements: { duration: '12345678901234567890', n: 1 },
      metadata: { user: 'u', node: hostname(), worker_id: 'demo', pool_name: 'pool of demo', pid: 7 },
      correlationId: 'c1',
      event: { id: 'e1', data: expect.objectContaining({ more: true }) },
    });
    expect(got[1]).toMatchObject({ measurements: {}, metadata: { worker_id: 'demo' } });
    expect(got[1]).not.toHaveProperty('correlationId');
  });

  test('an id stands for one handler, and a name has no empty part', () => {
    const { relay } = handled();
    relay.handlers.attach('one', { prefix: 'runnel' }, () => {});
    expect(() => relay.handlers.attach('one', { name: 'runnel' }, () => {})).toThrow(/one is attached/);
    for (const name of ['', 'a..b', '.a'])
      expect(() => relay.handlers.attach('two', { name }, () => {})).toThrow(/name/);
  });
});

describe('names from the wire', () => {
  test('EGRESS 4.14: unknown names and keys are quarantined and counted, and the connection lives', async () => {
    const { collect, emit, relay, sink } = handled({
      handlers: { names: ['inference.*', 'step'], keys: ['duration', 'frames_*'] },
    });
    const { got, names } = collect('all', { prefix: 'runnel' });
    await emit(
      { type: 'inference.start', measurements: { duration: 1, frames_in: 2, evil: 3 } },
      { type: 'evil' },
      { type: 'step' },
      { type: 'evil' },
      { type: 7 },
      {},
    );
    expect(names()).toEqual(['runnel.runner.inference.start', 'runnel.runner.step']);
    expect(got[0]?.measurements).toEqual({ duration: 1, frames_in: 2 });
    expect(relay.status().handlers).toMatchObject({
      known: { names: 2, keys: 2 },
      quarantined: { names: 2, keys: 1, newest: { names: ['evil'], keys: ['evil'] } },
    });
    // To the sinks they go as they are.
    expect(sink.envelopes).toHaveLength(6);
  });

  test('EGRESS 4.14: without a list the first thousand are known, and figures have no name of theirs', async () => {
    const { collect, emit, relay } = handled();
    const { got } = collect('all', { prefix: 'runnel' });
    await emit(...Array.from({ length: 3_000 }, (_, n) => ({ type: `made.up.${n}`, measurements: { [`k${n}`]: n } })));
    const late = collect('late', { name: 'runnel.runner.waited.for' });
    await emit({ type: 'waited.for' });
    expect(late.got).toHaveLength(1);
    await emit({ type: 'made.up.7' }, { type: 'x'.repeat(5_000) }, { type: 'a b' }, { type: 'a..b' });
    expect(got).toHaveLength(1_002);
    const { known, quarantined } = relay.status().handlers;
    expect({ known, quarantined }).toMatchObject({
      known: { names: 1_001, keys: 1_000 },
      quarantined: { names: 2_003, keys: 0 },
    });
    expect(quarantined.newest.names).toHaveLength(20);
    expect(Math.max(...quarantined.newest.names.map(({ length }) => length))).toBe(128);
    const text = await relay.metrics();
    expect(text).toContain('runnel_handler_quarantined_total{kind="names"} 2003');
    expect(text).not.toContain('made.up');
  });
});

const books = ({ handlers }: Relay, wanted: string) => handlers.books.attached.find(({ id }) => id === wanted);

describe('a handler that throws', () => {
  test('EGRESS 4.15: is told of by an event, pauses, and is tried again; the others still run', async () => {
    const clock = new ManualClock();
    const { relay, emit, collect, warnings } = handled({ clock });
    const failures = collect('watch', { name: 'telemetry.handler.failure' });
    let broken = true;
    const calls: number[] = [];
    relay.handlers.attach('bad', { prefix: 'runnel' }, () => {
      calls.push(clock.now());
      if (broken) throw new RangeError('too bad');
    });
    const good = collect('good', { prefix: 'runnel' });
    await emit({ type: 'a' });
    await emit({ type: 'a' });
    expect(good.got).toHaveLength(2);
    expect(calls).toHaveLength(1);
    expect(failures.got).toEqual([
      {
        name: ['telemetry', 'handler', 'failure'],
        measurements: {},
        metadata: {
          event_name: 'runnel.runner.a',
          handler_id: 'bad',
          kind: 'throw',
          reason: 'RangeError: too bad',
          stacktrace: expect.stringContaining('event-handlers.test.ts'),
          node: hostname(),
        },
      },
    ]);
    expect(warnings).toEqual([expect.stringContaining('the handler bad failed at runnel.runner.a')]);
    expect(books(relay, 'bad')).toMatchObject({ calls: 1, failures: 1, skipped: 1, error: 'RangeError: too bad' });
    clock.advance(1_000);
    await emit({ type: 'a' });
    clock.advance(1_500);
    await emit({ type: 'a' });
    expect(calls).toHaveLength(2);
    broken = false;
    clock.advance(1_000);
    await emit({ type: 'a' });
    await emit({ type: 'a' });
    expect(calls).toHaveLength(4);
    expect(books(relay, 'bad')).toMatchObject({ calls: 4, failures: 2, skipped: 2 });
    expect(books(relay, 'bad')).not.toHaveProperty('pausedMs');
    expect(failures.got).toHaveLength(2);
  });

  test('EGRESS 4.15: or rejects is treated alike, and one that fails at failures is not told of itself', async () => {
    const clock = new ManualClock();
    const { relay, emit, collect } = handled({ clock });
    const failures = collect('watch', { name: 'telemetry.handler.failure' });
    relay.handlers.attach('worse', { prefix: 'telemetry' }, () => {
      throw { toString: null };
    });
    relay.handlers.attach('late', { name: 'runnel.runner.a' }, async () => {
      throw new Error('later');
    });
    await emit({ type: 'a' });
    expect(failures.got.map(({ metadata }) => metadata)).toEqual([
      expect.objectContaining({ handler_id: 'late', kind: 'reject', reason: 'Error: later' }),
    ]);
    expect(books(relay, 'worse')).toMatchObject({ calls: 1, failures: 1, error: 'something that is no text' });
  });

  test('EGRESS 4.15: calls that were under way when it failed, and fail too, make the pause no longer', async () => {
    const clock = new ManualClock();
    const { relay, emit, warnings } = handled({ clock });
    const down = Promise.withResolvers<void>();
    relay.handlers.attach('sender', { prefix: 'runnel' }, () => down.promise);
    await emit(...Array.from({ length: 20 }, () => ({ type: 'a' })));
    down.reject(new Error('down'));
    await emit({ type: 'a' });
    await pass(clock, () => books(relay, 'sender')?.failures === 21 || books(relay, 'sender')?.skipped === 1, 0);
    expect(books(relay, 'sender')?.failures).toBeGreaterThanOrEqual(20);
    expect(books(relay, 'sender')?.pausedMs).toBeLessThanOrEqual(1_000);
    expect(warnings).toHaveLength(1);
  });

  test('EGRESS 4.15: neither who is warned nor what was thrown can take the event from the others', async () => {
    const onWarning = () => {
      throw new Error('nobody reads this');
    };
    const { relay, emit, collect } = handled({ onWarning });
    const failures = collect('watch', { name: 'telemetry.handler.failure' });
    relay.handlers.attach('bad', { prefix: 'runnel' }, () => {
      throw Object.defineProperty(new Error('bad'), 'stack', {
        get() {
          throw new Error('no stack');
        },
      });
    });
    const good = collect('good', { prefix: 'runnel' });
    await emit({ type: 'a' }, { type: 'a' });
    expect(good.got).toHaveLength(2);
    expect(failures.got).toMatchObject([{ metadata: { reason: 'Error: bad', stacktrace: '' } }]);
  });

  test('EGRESS 4.15: one whose calls do not end gets no more than 1,000 at a time', async () => {
    const { relay, emit } = handled();
    const away = Promise.withResolvers<void>();
    relay.handlers.attach('stuck', { prefix: 'runnel' }, () => away.promise);
    await emit(...Array.from({ length: 1_010 }, () => ({ type: 'a' })));
    await emit({ type: 'a' });
    expect(books(relay, 'stuck')).toMatchObject({ calls: 1_000, skipped: 11, failures: 0 });
    away.resolve();
    await emit({ type: 'a' });
    expect(books(relay, 'stuck')).toMatchObject({ calls: 1_001, skipped: 11 });
  });
});
