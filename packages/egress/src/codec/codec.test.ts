import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { envelope, envelopeOf, textOf } from '../../test/envelopes.ts';
import { type Codec, cloudEventsCodec, otlpLogsCodec, scopeCodec, scopeMetricsCodec } from './index.ts';

/** Any JSON value as text, with the spaces, escapes, numbers and repeated names that JSON.parse does not give back. */
const json = fc.letrec<{ value: string; leaf: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('array'), tie('object')),
  leaf: fc.oneof(
    fc.json({ maxDepth: 0 }),
    fc.constantFrom(
      '1.0',
      '-0',
      '1e400',
      '12345678901234567890',
      '1E2',
      '"\\u00e9\\/"',
      '"\\ud800"',
      '"\\u0000"',
      ' 7\t',
    ),
  ),
  array: fc.array(tie('value'), { maxLength: 4 }).map((values) => `[${values.join(', ')}]`),
  object: fc
    .array(fc.tuple(name(), tie('value')), { maxLength: 5 })
    .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(' ,')}}`),
}));

function name() {
  return fc.oneof(
    fc.string({ unit: 'binary' }).map((key) => JSON.stringify(key)),
    fc.constantFrom('"2"', '"1"', '"__proto__"'),
  );
}

const id = fc.oneof(fc.uuid(), fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }));
const ms = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('1700000000000', '0', '007', '1.5', 'soon', '99999999999999999'),
);
const shuffledMembers = fc
  .tuple(fc.array(fc.tuple(name(), json.value), { maxLength: 2 }), json.object, fc.option(id), fc.option(ms))
  .chain(([others, data, id, ms]) => {
    const own = [
      ['"data"', data],
      ['"type"', '"stream_trace"'],
    ];
    if (id !== null) own.push(['"id"', JSON.stringify(id)]);
    if (ms !== null) own.push(['"timestamp"', JSON.stringify(ms)]);
    const strange = others.filter(([key]) => !['"id"', '"data"', '"type"', '"timestamp"'].includes(key));
    return fc.shuffledSubarray([...own, ...strange], { minLength: own.length + strange.length });
  })
  .map((members) => `{ ${members.map(([key, value]) => `${key}: ${value}`).join(',')}}`);

/** As PROTOCOL.md section 8.3 builds it: these members in this order, without spaces. */
const usual = fc
  .tuple(id, ms, fc.string({ minLength: 1 }), fc.dictionary(fc.string(), fc.jsonValue()))
  .map(([id, ms, type, more]) =>
    JSON.stringify({ id, type: 'stream_trace', timestamp: ms, data: { ...more, type, timestamp: ms } }),
  );

function roundTrip(codec: Codec, texts: readonly string[]): string[] {
  const { body, refused } = codec.encode(texts.map((text) => envelopeOf(text)));
  expect(refused).toEqual([]);
  return codec.decode(body).map((bytes) => textOf({ bytes }));
}

const codecs = {
  scope: scopeCodec(),
  cloudevents: cloudEventsCodec(),
  'otlp-logs': otlpLogsCodec(),
};

describe.each(Object.entries(codecs))('EGRESS 5: codec %s', (_, codec) => {
  test('EGRESS 5: decode(encode(x)) = x to the byte, for every JSON object that is an envelope', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(usual, shuffledMembers), { maxLength: 5 }), (texts) => {
        expect(roundTrip(codec, texts)).toEqual(texts);
      }),
      { numRuns: 500 },
    );
  });

  test('EGRESS 5: a long nested envelope comes back whole', () => {
    const deep = `{"id":"d","data":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`;
    expect(roundTrip(codec, [deep])).toEqual([deep]);
  });
});

test('EGRESS 5: codec scope-metrics: decode(encode(x)) = x to the byte for envelopes as they are specified', () => {
  fc.assert(
    fc.property(fc.array(usual, { maxLength: 5 }), (texts) => {
      expect(roundTrip(scopeMetricsCodec(), texts)).toEqual(texts);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['cloudevents', codecs.cloudevents],
  ['otlp-logs', codecs['otlp-logs']],
  ['scope-metrics', scopeMetricsCodec()],
])('EGRESS 5: codec %s names what is no envelope and takes the rest', (_, codec) => {
  const broken = ['{"id":"x"', '"text"', '{"id":7,"data":{}}', '{"id":"x"}'].map((text) => envelopeOf(text));
  const noUtf8 = {
    ...envelope('u'),
    bytes: Buffer.from('{"id":"u","type":"stream_trace","data":{"a":"\xff"}}', 'latin1'),
  };
  const { body, refused } = codec.encode([envelope('a'), ...broken, noUtf8, envelope('b')]);
  expect(refused).toEqual([1, 2, 3, 4, 5].map((place) => ({ place, reason: 'malformed' })));
  expect(codec.decode(body).map((bytes) => textOf({ bytes }))).toEqual([envelope('a'), envelope('b')].map(textOf));
});

test('EGRESS 5: a body that is none of a codec is an error, not an empty batch', () => {
  for (const codec of [...Object.values(codecs), scopeMetricsCodec()]) {
    expect(() => codec.decode(Buffer.from('{"events":'))).toThrow(SyntaxError);
  }
});
