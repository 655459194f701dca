import { ManualClock } from '@runnel/protocol/testing';
import { expect, test } from 'vitest';
import { Latency } from './latency.ts';

test('without events there are no figures', () => {
  expect(new Latency(new ManualClock()).figures).toBeUndefined();
});

test('the median and the slowest of a hundred are told apart', () => {
  const latency = new Latency(new ManualClock());
  for (let n = 0; n < 97; n++) latency.record(String(1_700_000_000_000), 1_700_000_000_012);
  for (let n = 0; n < 3; n++) latency.record(1_700_000_000_000, 1_700_000_001_000);
  const { p50, p99, count } = latency.figures ?? {};
  expect([p50, count]).toEqual([12, 100]);
  expect(Math.abs((p99 ?? 0) - 1000)).toBeLessThan(60);
});

test('after ten seconds an event counts no more, and before five it still does', () => {
  const clock = new ManualClock();
  const latency = new Latency(clock);
  latency.record('1700000000000', 1_700_000_000_005);
  clock.advance(4999);
  latency.record('1700000000000', 1_700_000_000_007);
  clock.advance(5000);
  expect(latency.figures).toMatchObject({ count: 2 });
  clock.advance(1);
  expect(latency.figures).toBeUndefined();
});

test('a clock that is ahead gives 0, and what is no time is left out', () => {
  const latency = new Latency(new ManualClock());
  latency.record('1700000000900', 1_700_000_000_000);
  for (const odd of [undefined, null, '', 'soon', {}, [1], '-1', '1e999', Number.NaN]) latency.record(odd, 1);
  expect(latency.figures).toEqual({ p50: 0, p99: 0, count: 1 });
});
