import { expect, it } from 'vitest';
import { memberFinder } from './members.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (slice: Uint8Array) => new TextDecoder().decode(slice);

function cut(json: string, ...names: string[]): (string | undefined)[] | undefined {
  const line = bytes(json);
  return memberFinder(...names)(line)?.map((range) => range && text(line.subarray(range.start, range.end)));
}

it('PROTOCOL 8.3: a member is cut out exactly as it was sent', () => {
  const event = '{"n":1.0, "big":12345678901234567890,"2":"b","1":"a","text":"\\u00e9 é {}[],:\\""}';
  const line = `{"type":"telemetry" , "seq":7,"event": ${event} }`;
  expect(cut(line, 'event', 'seq', 'epoch')).toEqual([event, '7', undefined]);
});

it('finds members within a member, and none beside it', () => {
  const line = '{"id":1,"event":{"data":{"id":2},"id":"e"},"data":3}';
  expect(cut(line, 'event', 'event.id', 'event.data')).toEqual(['{"data":{"id":2},"id":"e"}', '"e"', '{"id":2}']);
  expect(cut('{"event":["id"]}', 'event', 'event.id')).toEqual(['["id"]', undefined]);
});

it('takes the last of members with the same name, as JSON.parse does, and what is within that', () => {
  expect(cut('{"event":{"id":1,"data":2},"event":{"data":3}}', 'event', 'event.id', 'event.data')).toEqual([
    '{"data":3}',
    undefined,
    '3',
  ]);
  expect(cut('{"event":{"id":1},"event":4}', 'event', 'event.id')).toEqual(['4', undefined]);
});

it('reads a name that is written with escapes', () => {
  expect(cut('{"\\u0065vent":1,"e\\"":2}', 'event', 'e"')).toEqual(['1', '2']);
});

it('knows an empty object', () => {
  expect(cut(' { } ', 'event')).toEqual([undefined]);
});

it('goes through what is nested very deep', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(cut(`{"a":${deep},"b":1}`, 'b')).toEqual(['1']);
  expect(cut(`{"a":${deep.slice(1)},"b":1}`, 'b')).toBeUndefined();
});

it.each(['[]', '"x"', '1', '', '   ', '{}{}', '{"a":1}x', '\ufeff{}', '\u00a0{}'])(
  'answers undefined to what is no object: %s',
  (json) => {
    expect(cut(json, 'a')).toBeUndefined();
  },
);

it.each([
  [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
  [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x22, 0x7d],
  [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d],
  [0x7b, 0x22, 0x5c, 0x6e, 0xff, 0x22, 0x3a, 0x31, 0x7d],
])('answers undefined to what is no UTF-8: %i', (...json) => {
  expect(memberFinder('a')(Uint8Array.from(json))).toBeUndefined();
});

it('agrees with JSON.parse on the values of many generated objects', () => {
  const values = [0, -1.5e9, 'a"b\\', '', null, true, [], [1, [2, { a: ']' }]], {}, { a: { b: '}' } }, '\u2028é😀'];
  for (let round = 0; round < 200; round++) {
    const object = Object.fromEntries(values.map((_, i) => [`k${i}\n"`, values[(i * 7 + round * 3) % values.length]]));
    const found = cut(JSON.stringify(object, null, round % 3), ...Object.keys(object));
    expect(found?.map((value) => JSON.parse(value as string))).toEqual(Object.values(object));
  }
});

it('EGRESS 1.15: takes what JSON.parse takes and nothing else, over many texts with a fault in them', () => {
  const seeds = [
    '{"a":[1,-0.5e+7,true,false,null,"x\\u00e9\\n"],"b":{"c":{}},"d":[]}',
    '{ "a" : 10 , "b" : [ { } , [ ] ] , "c" : "\\\\" }',
    '{"0":0,"n":-12.25E-3,"t":true,"s":"/\\/"}',
  ];
  const inserts = [
    ...'{}[]",:\\/+-.eE0123456789truefalsn \t\nx',
    '\u0001',
    '\\u12',
    'é',
    '""',
    '00',
    '-',
    '1.',
    '.1',
    '1e',
  ];
  const find = memberFinder('a');
  let random = 1;
  const below = (most: number) => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((random / 2 ** 32) * most);
  };
  const verdicts = { taken: 0, refused: 0 };
  for (let round = 0; round < 30_000; round++) {
    let json = seeds[round % seeds.length] as string;
    for (let faults = 1 + below(2); faults > 0; faults--) {
      const at = below(json.length);
      json = json.slice(0, at) + (below(3) === 0 ? '' : inserts[below(inserts.length)]) + json.slice(at + below(2));
    }
    const expected = isObject(json);
    verdicts[expected ? 'taken' : 'refused']++;
    if ((find(bytes(json)) !== undefined) !== expected) expect.fail(`${json} is ${expected ? '' : 'no '}object`);
  }
  expect(Math.min(verdicts.taken, verdicts.refused)).toBeGreaterThan(1_000);
});

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
