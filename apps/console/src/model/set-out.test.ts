import { expect, it } from 'vitest';
import { setOut } from './set-out.ts';

it('sets JSON out line by line, as JSON.stringify would', () => {
  const value = { a: [1, { b: 'x: [,]{"' }, []], 'c"\\': {}, d: null, e: [[true]], f: -1.5e-7 };
  expect(setOut(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  expect(setOut(' { "a" :\t[ 1 ,\n2 ] } ')).toBe('{\n  "a": [\n    1,\n    2\n  ]\n}');
});

it('changes nothing in it: long numbers, names that come twice, their order, escapes', () => {
  const text = '{"emitted_ns":1763785000123456789,"a":1.0,"a":2,"10":1,"2":1e400,"__proto__":"\\u0041\\/"}';
  expect(setOut(text).replace(/\n */g, '').replaceAll('": ', '":')).toBe(text);
});

it('leaves what is no JSON as it is', () => {
  for (const text of ['503 Service Unavailable', '{"a":', '', '<html lang="en">{ok}</html>'])
    expect(setOut(text)).toBe(text);
});

it('does not grow without bound by what is nested deeply', () => {
  const deep = '['.repeat(3_000) + ']'.repeat(3_000);
  expect(setOut(deep).length).toBeLessThan(deep.length * 100);
});
