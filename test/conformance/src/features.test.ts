import { describe, expect, test } from 'vitest';
import { type Need, parseFeatures, unmet } from './features.ts';

describe('features', () => {
  test('without a number have the one PROTOCOL.md gives them', () => {
    expect([...parseFeatures('autocreate, linger,keep=100')]).toEqual([
      ['autocreate', true],
      ['linger', 30_000],
      ['keep', 100],
    ]);
  });

  test('of 0 are absent', () => {
    expect(parseFeatures('keep=0,linger=0').size).toBe(0);
  });

  test('that are none, and numbers that are none, are refused by name', () => {
    expect(() => parseFeatures('autocreate,teleport')).toThrow(/"teleport" is no feature/);
    expect(() => parseFeatures('linger=long')).toThrow(/"long" is no number/);
  });

  test.each<[Need[], Need | undefined]>([
    [['autocreate'], undefined],
    [['changefeed'], 'changefeed'],
    [['!changefeed'], undefined],
    [['autocreate', '!linger'], '!linger'],
    [['linger<=3000'], undefined],
    [['linger<=1999'], 'linger<=1999'],
    [['autocreate<=5'], 'autocreate<=5'],
    [['idle<=5'], 'idle<=5'],
  ])('meet the needs %j but %s', (needs, missing) => {
    expect(unmet(needs, parseFeatures('autocreate,linger=2000'))).toBe(missing);
  });
});
