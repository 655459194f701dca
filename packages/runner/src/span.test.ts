import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Sink } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunner, type RunnerOptions, type Span } from './index.ts';
import { openTelemetry } from './opentelemetry.ts';

const WALL = 1_700_000_000_123;

function start(options: Partial<RunnerOptions> = {}) {
  const clock = new ManualClock(WALL);
  const events: Record<string, unknown>[] = [];
  const sink: Sink = {
    name: 'taking',
    async send(batch) {
      for (const { bytes } of batch) events.push(JSON.parse(new TextDecoder().decode(bytes)).data);
    },
    async close() {},
  };
  const runner = createRunner({ session: 's', sink, clock, buffer: 10_000, ...options });
  /** The events' own members, once the runner has closed. */
  const data = async () => {
    await runner.close();
    return events.map(({ client_source, timestamp, session_id, ...own }) => own);
  };
  return { clock, runner, data };
}

const types = async (data: Promise<Record<string, unknown>[]>) => (await data).map(({ type }) => type);

describe('a span', () => {
  it('EGRESS 4.16: is a start with its time and a stop with its duration, which share their ids', async () => {
    const { clock, runner, data } = start();
    const answer = runner.span('inference', { model: 'm', steps: 4 }, () => {
      clock.advance(12.5);
      return 42;
    });
    expect(answer).toBe(42);
    const [first, second] = await data();
    const shared = { correlation_id: first?.span_id, span_id: expect.stringMatching(/^[0-9a-f]{16}$/) };
    expect(first).toStrictEqual({
      ...shared,
      type: 'inference.start',
      timestamp_ns: `${WALL}000000`,
      measurements: { system_time: `${WALL}000000` },
      metadata: { model: 'm', steps: '4' },
    });
    expect(second).toStrictEqual({
      ...shared,
      type: 'inference.stop',
      timestamp_ns: `${WALL + 12}000000`,
      measurements: { duration: 12_500_000 },
      metadata: { model: 'm', steps: '4', result: 'success' },
    });
    expect(second?.span_id).toBe(first?.span_id);
  });

  it('has an id of its own: the epoch, and eight digits that count up', () => {
    const { runner } = start();
    const ids = Array.from({ length: 1000 }, () => runner.span('work').id);
    const numbers = Array.from({ length: 1000 }, (_, n) => (n + 1).toString(16).padStart(8, '0'));
    expect(ids).toEqual(numbers.map((number) => runner.epoch + number));
  });

  it('EGRESS 4.16: what is thrown becomes an exception with type and message, and is thrown on', async () => {
    const { clock, runner, data } = start();
    const failure = new RangeError('too far');
    const work = () => {
      clock.advance(1);
      throw failure;
    };
    expect(() => runner.span('work', work)).toThrow(failure);
    expect((await data())[1]).toMatchObject({
      type: 'work.exception',
      measurements: { duration: 1_000_000 },
      metadata: { error_type: 'RangeError', error_message: 'too far' },
    });
  });

  it('EGRESS 4.16: an asynchronous one ends when its promise settles, either way', async () => {
    const { clock, runner, data } = start();
    const done = runner.span('good', async () => {
      await Promise.resolve();
      clock.advance(5);
      return 'value';
    });
    expect(await done).toBe('value');
    const failure = new Error('no');
    await expect(runner.span('bad', () => Promise.reject(failure))).rejects.toBe(failure);
    const all = await data();
    expect(all.map(({ type }) => type)).toStrictEqual(['good.start', 'good.stop', 'bad.start', 'bad.exception']);
    expect(all[1]).toMatchObject({ measurements: { duration: 5_000_000 } });
  });

  it('EGRESS 4.16: a generator’s ends with its last step, and what it hands back is a generator still', async () => {
    const { clock, runner, data } = start();
    const numbers = runner.span('numbers', function* () {
      yield 1;
      clock.advance(3);
      yield 2;
      return 'end';
    });
    expect([...numbers]).toStrictEqual([1, 2]);
    for (const first of runner.span('mapped', () => [1, 2][Symbol.iterator]())) {
      expect(first).toBe(1);
      break;
    }
    expect(numbers).toHaveProperty('map');
    for (const _ of runner.span('left early', endless)) break;
    expect(() => [...runner.span('thrown', throwing)]).toThrow('in the middle');
    const all = await data();
    expect(all.map(({ type }) => type)).toStrictEqual([
      'numbers.start',
      'numbers.stop',
      'mapped.start',
      'mapped.stop',
      'left early.start',
      'left early.stop',
      'thrown.start',
      'thrown.exception',
    ]);
    expect(all[1]).toMatchObject({ measurements: { duration: 3_000_000 } });
  });

  it('EGRESS 4.16: an asynchronous generator’s too, whether it ends, is left, or throws', async () => {
    const { runner, data } = start();
    const read = async (values: AsyncIterable<number>, most = Number.POSITIVE_INFINITY) => {
      const got: number[] = [];
      for await (const value of values) {
        got.push(value);
        if (got.length >= most) break;
      }
      return got;
    };
    async function* counting(to: number) {
      for (let n = 1; n <= to; n++) yield n;
    }
    expect(await read(runner.span('all', () => counting(3)))).toStrictEqual([1, 2, 3]);
    expect(
      await read(
        runner.span('some', () => counting(3)),
        1,
      ),
    ).toStrictEqual([1]);
    const failing = runner.span('failing', async function* () {
      yield 1;
      throw new Error('no');
    });
    await expect(read(failing)).rejects.toThrow('no');
    const ends = (await types(data())).filter((type) => !String(type).endsWith('.start'));
    expect(ends).toStrictEqual(['all.stop', 'some.stop', 'failing.exception']);
  });

  it('EGRESS 4.16: with using it stops at the end of the block; only the first end counts', async () => {
    const { clock, runner, data } = start();
    {
      using span = runner.span('block', { a: 1 });
      clock.advance(2);
      expect(span.correlationId).toBe(span.id);
    }
    {
      using span = runner.span('failed');
      span.fail('a text');
      span.fail('again');
    }
    const all = await data();
    expect(all.map(({ type }) => type)).toStrictEqual([
      'block.start',
      'block.stop',
      'failed.start',
      'failed.exception',
    ]);
    expect(all[3]).toMatchObject({ metadata: { error_type: 'string', error_message: 'a text' } });
  });

  it('EGRESS 4.16: an hour back on the wall clock makes no duration negative', async () => {
    const { clock, runner, data } = start();
    using span = runner.span('work');
    clock.advance(1_000);
    clock.step(-3_600_000);
    span.stop();
    expect((await data())[1]).toMatchObject({ measurements: { duration: 1_000_000_000 } });
  });

  it('takes a correlation id from its metadata, and starts whatever the metadata is', async () => {
    const { runner, data } = start();
    runner.span('given', { correlation_id: 'c-1', a: 1 }, () => {});
    const throwing = {
      get broken() {
        throw new Error('no');
      },
    };
    runner.span('odd', throwing, () => {});
    const all = await data();
    expect(all.slice(0, 2)).toMatchObject([{ correlation_id: 'c-1' }, { correlation_id: 'c-1' }]);
    expect(all[0]?.metadata).toStrictEqual({ a: '1' });
    expect(all).toHaveLength(4);
  });

  function* endless() {
    for (;;) yield 0;
  }
  function* throwing() {
    yield 1;
    throw new Error('in the middle');
  }
});

describe('what is withheld of spans', () => {
  it('EGRESS 4.8: start and end are both kept or both sampled out, with one weight', async () => {
    const { runner, data } = start({ control: { sampling: { rate: 0.5 } } });
    for (let n = 0; n < 300; n++) runner.span('work', () => {});
    const all = await data();
    const ids = (end: string) => all.filter(({ type }) => type === `work.${end}`).map(({ span_id }) => span_id);
    expect(ids('start')).toStrictEqual(ids('stop'));
    expect(ids('start').length).toBeGreaterThan(50);
    expect(ids('start').length).toBeLessThan(250);
    expect(new Set(all.map(({ sample_weight }) => sample_weight))).toStrictEqual(new Set([2]));
    const { emitted, withheld } = runner.books;
    expect(emitted + withheld.sampled).toBe(600);
  });

  it('EGRESS 4.9: a filter may let through the one and not the other', async () => {
    const { runner, data } = start({ control: { filter: { allowed: ['*.stop'] } } });
    runner.span('work', () => {});
    expect(await types(data())).toStrictEqual(['work.stop']);
    expect(runner.books.withheld).toStrictEqual({ disabled: 0, filtered: 1, sampled: 0 });
  });
});

it('EGRESS 4.8: each event that is withheld is counted once, though the state changes within the span', async () => {
  const { runner } = start({
    control: { sampling: { rate: 0, patterns: ['*.start'] }, filter: { blocked: ['*.stop'] } },
  });
  runner.span('work', () => {});
  expect(runner.books).toMatchObject({ emitted: 0, withheld: { disabled: 0, filtered: 1, sampled: 1 } });
});

describe('trace context', () => {
  const storage = new AsyncLocalStorage<Context>();
  const manager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: ((active: Context, fn: () => unknown) => storage.run(active, fn)) as never,
    bind: <T>(_context: Context, target: T) => target,
    enable: () => manager,
    disable: () => manager,
  };
  afterEach(() => context.disable());
  const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };

  it('EGRESS 4.16: OpenTelemetry’s active span is the parent, and the runner’s is active in the work', async () => {
    context.setGlobalContextManager(manager);
    const { runner, data } = start({ tracing: openTelemetry() });
    const within = context.with(trace.setSpanContext(context.active(), parent), () =>
      runner.span('work', (span: Span) => ({ span, active: trace.getSpanContext(context.active()) })),
    );
    expect(within.active).toMatchObject({ traceId: parent.traceId, spanId: within.span.id, traceFlags: 1 });
    expect(within.span.traceparent).toBe(`00-${parent.traceId}-${within.span.id}-01`);
    expect((await data()).map((event) => event.traceparent)).toStrictEqual(Array(2).fill(within.span.traceparent));
  });

  it('EGRESS 4.16: without an active span a trace begins, and without tracing there is none', async () => {
    const { runner } = start({ tracing: openTelemetry() });
    expect(runner.span('work').traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(start().runner.span('work').traceparent).toBeUndefined();
  });
});
