import { expect, it } from 'vitest';
import { isChannelName, isReservedName, parseSeq, SEQ_MAX, SEQ_OLDEST } from './seq.ts';

it.each([
  ['0', 0],
  ['7', 7],
  ['+7', 7],
  ['007', 7],
  ['-0', 0],
  ['-1', -1],
  ['-12', -12],
  [String(SEQ_MAX), SEQ_MAX],
  [String(SEQ_OLDEST), SEQ_OLDEST],
])('PROTOCOL 2: the seq %s is read as %d', (part, seq) => {
  expect(parseSeq(part)).toBe(seq);
});

it.each([
  '',
  'next',
  '1.0',
  '1e3',
  '0x1',
  ' 1',
  '1 ',
  '--1',
  '+-1',
  '٣',
  '9007199254740991',
  '99999999999999999999999',
])('PROTOCOL 2: "%s" is no seq', (part) => {
  expect(parseSeq(part)).toBeUndefined();
});

it('the head after the largest seq is still an exact number', () => {
  expect(Number.isSafeInteger(SEQ_MAX + 1)).toBe(true);
});

it.each(['a', 'a/b', 'two words', '€', '~', '.x', '...', '_changes', 'x'.repeat(255)])(
  'PROTOCOL 2: "%s" names a channel',
  (name) => {
    expect(isChannelName(name)).toBe(true);
  },
);

it.each(['', '.', '..', 'a\0b', 'a\nb', '\u007f', 'x'.repeat(256), '€'.repeat(86)])(
  'PROTOCOL 2: %j names no channel',
  (name) => {
    expect(isChannelName(name)).toBe(false);
  },
);

it('PROTOCOL 2: names that begin with an underscore are reserved', () => {
  expect(isReservedName('_changes')).toBe(true);
  expect(isReservedName('a_b')).toBe(false);
});
