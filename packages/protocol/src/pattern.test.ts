import { expect, it } from 'vitest';
import { matchesPattern } from './index.ts';

it.each([
  ['stream.*', 'stream.start', true],
  ['stream.*', 'stream.', true],
  ['stream.*', 'streams', false],
  ['*', '', true],
  ['frame?', 'frame1', true],
  ['frame?', 'frame12', false],
  ['*.stop', 'a.b.stop', true],
  ['a*b*c', 'aXbXbYc', true],
  ['', 'a', false],
])('PROTOCOL 8.6: %s against %s: %s', (pattern, text, fits) => {
  expect(matchesPattern(pattern, text)).toBe(fits);
});

it('PROTOCOL 8.6: a pattern made to take long does not', () => {
  expect(matchesPattern(`${'*a'.repeat(64)}b`, 'a'.repeat(20_000))).toBe(false);
});
