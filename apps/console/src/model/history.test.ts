import { expect, it } from 'vitest';
import { History } from './history.ts';
import type { FeedStatus } from './wire.ts';

const tick = (at: number, events: number, out = events, id = 'a'): FeedStatus =>
  ({
    at,
    sessions: [{ id, lines: events, telemetry: { in: events }, latencyMs: { p50: 1, p99: 2, count: 3 } }],
    sinks: [{ sink: 's', out, pending: events - out }],
  }) as unknown as FeedStatus;

it('makes rates of counters, with the time that passed between them', () => {
  const history = new History();
  for (const each of [tick(1000, 10), tick(2000, 30), tick(4000, 130, 40)]) history.take(each);
  expect(history.of('session a')?.newest('in', 3)).toEqual([Number.NaN, 20, 50]);
  expect(history.of('sink s')?.newest('pending', 1)).toEqual([90]);
});

it('tells no rate over a gap, nor where a counter began anew', () => {
  const history = new History();
  for (const each of [tick(1000, 10), tick(60_000, 9000), tick(61_000, 5)]) history.take(each);
  expect(history.of('session a')?.newest('in', 2)).toEqual([Number.NaN, Number.NaN]);
});

it('knows for how long no line has come', () => {
  const history = new History();
  for (const each of [tick(1000, 10), tick(2000, 10), tick(9000, 10)]) history.take(each);
  expect(history.quietMs('a')).toBe(8000);
  history.take(tick(10_000, 11));
  expect(history.quietMs('a')).toBe(0);
});

it('forgets sessions that are gone', () => {
  const history = new History();
  for (let n = 0; n < 2000; n++) history.take(tick(n * 1000, n, n, `session-${n}`));
  expect(history.of('session session-1')).toBeUndefined();
  expect(history.of('session session-1999')?.length).toBe(1);
});

it('of a great many sessions some have no line, but each has its rate, and sinks and the whole have theirs', () => {
  const history = new History();
  const many = (at: number, events: number): FeedStatus => ({
    ...tick(at, events),
    sessions: Array.from({ length: 2_000 }, (_, n) => tick(at, events, events, `s${n}`).sessions).flat(),
  });
  for (const each of [many(1000, 10), many(2000, 30)]) history.take(each);
  expect(history.of('session s1999')).toBeUndefined();
  expect(history.perSecond('s1999')).toBe(20);
  expect(history.of('all')?.newest('in', 1)).toEqual([40_000]);
  expect(history.of('sink s')?.newest('out', 1)).toEqual([20]);
});
