import { expect, it } from 'vitest';
import { members } from './members.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function cut(text: string, name: string): string | undefined {
  const line = bytes(text);
  const range = members(line)?.get(name);
  return range && new TextDecoder().decode(line.subarray(range.start, range.end));
}

it('PROTOCOL 8.3: a member is cut out exactly as it was sent', () => {
  const event = '{"n":1.0, "big":12345678901234567890,"2":"b","1":"a","text":"\\u00e9 é {}[],:\\""}';
  expect(cut(`{"type":"telemetry" , "seq":7,"event": ${event} }`, 'event')).toBe(event);
  expect(cut(`{"type":"telemetry" , "seq":7,"event": ${event} }`, 'seq')).toBe('7');
});

it('finds its way past strings that look like structure and past escaped quotes', () => {
  expect(cut('{"a":"}\\\\","b":["]",{"c":"}"}],"d":true}', 'd')).toBe('true');
  expect(cut('{"a":"}\\\\","b":["]",{"c":"}"}],"d":true}', 'b')).toBe('["]",{"c":"}"}]');
});

it('reads a name that is written with escapes', () => {
  expect(cut('{"\\u0065vent":1}', 'event')).toBe('1');
});

it('takes the last of members with the same name, as JSON.parse does', () => {
  expect(cut('{"event":1,"event":{"x":2}}', 'event')).toBe('{"x":2}');
});

it.each(['[]', '"x"', '1', '', '   ', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a" 1}', '{a:1}'])(
  'answers undefined to what is no object: %s',
  (text) => {
    expect(members(bytes(text))).toBeUndefined();
  },
);

it('knows an empty object', () => {
  expect(members(bytes(' { } '))?.size).toBe(0);
});

it('agrees with JSON.parse on the values of many generated objects', () => {
  const values = [0, -1.5e9, 'a"b\\', '', null, true, [], [1, [2, { a: ']' }]], {}, { a: { b: '}' } }, '\u2028é😀'];
  for (let round = 0; round < 200; round++) {
    const object = Object.fromEntries(values.map((_, i) => [`k${i}\n"`, values[(i * 7 + round * 3) % values.length]]));
    const line = bytes(JSON.stringify(object, null, round % 3));
    const found = members(line);
    for (const [name, value] of Object.entries(object)) {
      const range = found?.get(name);
      expect(JSON.parse(new TextDecoder().decode(line.subarray(range?.start, range?.end)))).toEqual(value);
    }
  }
});
