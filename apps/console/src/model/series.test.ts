import { expect, it } from 'vitest';
import { Series } from './series.ts';

it('gives a window of time, with null where a figure is missing', () => {
  const series = new Series(10);
  series.push(1000, { a: 1 });
  series.push(2000, { a: 2, b: 20 });
  series.push(3000, { b: 30 });
  expect(series.window(['a', 'b', 'c'], 1500, 3000)).toEqual([
    [2, 3],
    [2, null],
    [20, 30],
    [null, null],
  ]);
});

it('forgets the oldest moments, and never gives a figure of a moment that is forgotten', () => {
  const series = new Series(3);
  series.push(1000, { a: 1 });
  for (let at = 2000; at <= 5000; at += 1000) series.push(at, { b: at });
  expect(series.window(['a', 'b'], 0, 9000)).toEqual([
    [3, 4, 5],
    [null, null, null],
    [3000, 4000, 5000],
  ]);
  expect(series.newest('b', 2)).toEqual([4000, 5000]);
});

it('takes figures that are not later than the newest as of the same moment', () => {
  const series = new Series(3);
  series.push(2000, { a: 1 });
  series.push(1000, { a: 7, b: 8 });
  expect(series.window(['a', 'b'], 0, 9000)).toEqual([[2], [7], [8]]);
});

it('bounds how many names a runner can make up', () => {
  const series = new Series(3);
  for (let n = 0; n < 1000; n++) series.push(n, { [`figure ${n}`]: n });
  expect(series.names).toHaveLength(64);
});
