import { expect, test } from 'vitest';
import { slopeOf, trendOf } from './trend.ts';

test('memory that grows by two an hour has a slope of two, whatever its level', () => {
  expect(
    slopeOf([
      [0, 100],
      [1, 102],
      [2, 104],
    ]),
  ).toBeCloseTo(2);
  expect(
    slopeOf([
      [0, 7],
      [1, 7],
      [2, 7],
    ]),
  ).toBe(0);
});

test('flat is what grows by no more than what counts as flat in the second half, by its amount or by its share', () => {
  const points = Array.from(
    { length: 60 },
    (_, minute) => [minute / 60, 100 + 3 * Math.max(0, minute / 60 - 0.4)] as const,
  );

  expect(trendOf(points, { most: 2.9 })).toEqual({ slope: expect.closeTo(3), flat: false });
  expect(trendOf(points, { most: 3.1 }).flat).toBe(true);
  expect(trendOf(points, { most: 0, share: 0.04 }).flat).toBe(true);
});
