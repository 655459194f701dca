import { expect, it } from 'vitest';
import { bytes, count, exactly, ms, NONE, perSecond, secondOf, short, span, timeOf } from './format.ts';

it.each([
  [count(1_234_567), '1,234,567'],
  [short(9_999), '9,999'],
  [short(12_345), '12.3k'],
  [short(4_560_000), '4.56M'],
  [perSecond(0), '0'],
  [perSecond(0.42), '0.4'],
  [perSecond(987.3), '987'],
  [ms(0.42), '0.4 ms'],
  [ms(12), '12 ms'],
  [ms(1_240), '1.24 s'],
  [ms(200_000), '3 m 20 s'],
  [span(7_500_000), '2 h 05 m'],
  [span(90_000_000), '1 d 01 h'],
  [bytes(1_572_864), '1.50 MiB'],
])('writes %s', (written, expected) => {
  expect(written).toBe(expected);
});

it('writes a dash for what is no figure, whatever a runner called a time', () => {
  for (const write of [count, short, perSecond, ms, span, bytes])
    expect([write(undefined), write(Number.NaN)]).toEqual([NONE, NONE]);
  expect(timeOf(1e300)).toBe(NONE);
  expect(exactly(1e300)).toBe('1e+300');
});

it('tells a moment to the millisecond, and exactly in UTC', () => {
  expect(timeOf(1_795_318_027_701)).toMatch(/^\d\d:\d\d:\d\d\.701$/);
  expect(exactly(1_795_318_027_701)).toContain('2026-11-22T03:27:07.701Z');
});

it('a day begins at 00:00:00', () => {
  expect(secondOf(new Date(2026, 0, 2).getTime())).toBe('00:00:00');
});
