import { EVENT_CAP_BYTES } from '@runnel/protocol';
import { describe, expect, test } from 'vitest';
import { type BadLine, type JsonlReaderOptions, readJsonl, type SegmentReader, type Subscription } from './index.ts';

type Chunk = string | Uint8Array;
interface Given {
  chunks: Iterable<Chunk>;
  aborted?: boolean;
}

/** A subscription that has these segments. */
function subscriptionTo(segments: Given[]): Subscription {
  async function* iterate() {
    for (const [seq, { chunks, aborted = false }] of segments.entries()) {
      const body = async function* () {
        for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
      };
      const place = { seq, epoch: 'aaaaaaaa', contentType: undefined, aborted, skippedBefore: 0, discontinuity: false };
      yield { ...place, [Symbol.asyncIterator]: body } satisfies SegmentReader;
    }
  }
  const stats = {
    segments: 0,
    bytes: 0,
    skipped: 0,
    discontinuities: 0,
    aborted: 0,
    cut: 0,
    resumed: 0,
    reAsks: 0,
    retries: 0,
  };
  return { stats, end: undefined, error: undefined, close() {}, [Symbol.asyncIterator]: iterate };
}

/** Reads it all. Lines come as their text, batches apart. */
async function read(segments: Given[], options: JsonlReaderOptions = {}) {
  const bad: BadLine[] = [];
  const reader = readJsonl(subscriptionTo(segments), { ...options, onBad: (one) => bad.push(one) });
  const batches: string[][] = [];
  for await (const lines of reader) batches.push(lines.map(({ bytes }) => new TextDecoder().decode(bytes)));
  return { batches, lines: batches.flat(), stats: reader.stats, bad };
}

const LONG_BYTES = 512 * 1024 * 1024;
const none = { invalid_utf8: 0, invalid_json: 0, not_object: 0, oversize: 0, oversize_segment: 0, truncated: 0 };

describe('lines', () => {
  test('come as they complete, one batch per chunk, with their value and where they were', async () => {
    const reader = readJsonl(
      subscriptionTo([{ chunks: ['{"a":1}\n{"a":', '2}\n{"a":3}\n'] }, { chunks: ['{"a":4}\n'] }]),
    );
    const batches: unknown[] = [];
    for await (const lines of reader) batches.push(lines.map(({ value, seq, epoch }) => [value, seq, epoch]));
    expect(batches).toEqual([
      [[{ a: 1 }, 0, 'aaaaaaaa']],
      [
        [{ a: 2 }, 0, 'aaaaaaaa'],
        [{ a: 3 }, 0, 'aaaaaaaa'],
      ],
      [[{ a: 4 }, 1, 'aaaaaaaa']],
    ]);
    expect(reader.stats).toEqual({ lines: 4, bad: none });
  });

  test('TRICKLE 86: are verbatim, whatever spacing, key order and number format they have', async () => {
    const odd = '{ "b" : 1.50e+2,"a":[ ], "é":"\\u00e9" }';
    expect((await read([{ chunks: [`${odd}\n`] }])).lines).toEqual([odd]);
  });

  test('TRICKLE 86: may end in CRLF; blank lines and lines of white space are passed over without a word', async () => {
    const { lines, stats } = await read([{ chunks: ['{"a":1}\r\n\r\n\n  \t \n{"a":2}\r', '\n'] }]);
    expect(lines).toEqual(['{"a":1}', '{"a":2}']);
    expect(stats).toEqual({ lines: 2, bad: none });
  });

  test('TRICKLE 86: may be split anywhere, in the middle of a character too', async () => {
    const text = '{"a":"日本€😀"}\r\n{"b":"é"}\n';
    const bytes = new TextEncoder().encode(text);
    const { lines } = await read([{ chunks: Array.from(bytes, (byte) => Uint8Array.of(byte)) }]);
    expect(lines).toEqual(['{"a":"日本€😀"}', '{"b":"é"}']);
  });

  test('stay as they are when later ones come', async () => {
    const kept: Uint8Array[] = [];
    const chunks = ['{"first', '":1}\n{"second', '":2}\n{"third":', '3}\n'];
    for await (const lines of readJsonl(subscriptionTo([{ chunks }]))) kept.push(...lines.map(({ bytes }) => bytes));
    expect(kept.map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      '{"first":1}',
      '{"second":2}',
      '{"third":3}',
    ]);
  });

  test('TRICKLE 86: an unterminated tail is a line when its segment ended well', async () => {
    const { lines, stats } = await read([{ chunks: ['{"a":1}\n{"a":2}'] }, { chunks: ['{"a":3}\n'] }]);
    expect(lines).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
    expect(stats.bad).toEqual(none);
  });

  test('PROTOCOL 7.1: an unterminated tail is dropped and counted when its segment was aborted, even one that reads like a line', async () => {
    const { lines, bad, stats } = await read([
      { chunks: ['{"a":1}\n{"a":2}'], aborted: true },
      { chunks: ['{"a":3}\n'] },
    ]);
    expect(lines).toEqual(['{"a":1}', '{"a":3}']);
    expect(bad).toEqual([{ reason: 'truncated', bytes: 7, seq: 0 }]);
    expect(stats.bad.truncated).toBe(1);
  });

  test('never continue in the next segment', async () => {
    const { lines, bad } = await read([{ chunks: ['{"a":'] }, { chunks: ['1}\n{"b":2}\n'] }]);
    expect(lines).toEqual(['{"b":2}']);
    expect(bad.map(({ reason, seq }) => [reason, seq])).toEqual([
      ['invalid_json', 0],
      ['invalid_json', 1],
    ]);
  });
});

test('a line may be read in a way of the caller, and one that cannot is skipped for the reason it has', async () => {
  const parse = (line: Uint8Array) => (line[0] === 0x7b ? line.length : undefined);
  const chunks = ['{"a":1}\n\n[1]\nhello\n{"b":22}\n'];
  const reader = readJsonl(subscriptionTo([{ chunks }]), { parse });
  const lengths: number[] = [];
  for await (const lines of reader) lengths.push(...lines.map(({ value }) => value));
  expect(lengths).toEqual([7, 8]);
  expect(reader.stats).toEqual({ lines: 2, bad: { ...none, not_object: 1, invalid_json: 1 } });
});

describe('bad lines', () => {
  test.each<[string, Chunk, string]>([
    ['no JSON', 'hello', 'invalid_json'],
    ['half an object', '{"a":', 'invalid_json'],
    ['two objects', '{"a":1}{"b":2}', 'invalid_json'],
    ['a byte order mark', '\uFEFF{"a":1}', 'invalid_json'],
    ['NUL bytes', '\0\0\0', 'invalid_json'],
    ['an array', '[1]', 'not_object'],
    ['null', 'null', 'not_object'],
    ['a string', '"a"', 'not_object'],
    ['a number', '1', 'not_object'],
    ['a byte that is no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 'invalid_utf8'],
    ['an overlong character', Uint8Array.of(0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d), 'invalid_utf8'],
    ['a deep nest', '['.repeat(100_000), 'invalid_json'],
  ])('TRICKLE 86: %s is skipped and counted, and its neighbours are read', async (_, line, reason) => {
    const { lines, bad } = await read([{ chunks: ['{"a":1}\n', line, '\n{"a":2}\n'] }]);
    expect(lines).toEqual(['{"a":1}', '{"a":2}']);
    expect(bad.map((one) => one.reason)).toEqual([reason]);
  });

  test('TRICKLE 87: a line of exactly the cap, its LF included, is read; one byte more is skipped and counted, and the stream lives', async () => {
    const just = `{"a":"${'x'.repeat(100 - 9)}"}`;
    expect(just.length + 1).toBe(100);
    const over = `{"a":"${'x'.repeat(100 - 8)}"}`;
    const { lines, bad } = await read([{ chunks: [`${just}\n${over}\n{"b":1}\n`] }], { maxLineBytes: 100 });
    expect(lines).toEqual([just, '{"b":1}']);
    expect(bad).toEqual([{ reason: 'oversize', bytes: 100, seq: 0 }]);
  });

  test('TRICKLE 87: the cap holds however the line is split, and at the end of a segment', async () => {
    const over = `{"a":"${'x'.repeat(200)}"}`;
    const split = (text: string) => text.match(/.{1,7}/gs) ?? [];
    const { lines, bad } = await read([{ chunks: split(`${over}\n{"b":1}\n${over}`) }, { chunks: ['{"c":1}\n'] }], {
      maxLineBytes: 100,
    });
    expect(lines).toEqual(['{"b":1}', '{"c":1}']);
    expect(bad.map(({ reason, bytes }) => [reason, bytes])).toEqual([
      ['oversize', over.length],
      ['oversize', over.length],
    ]);
  });

  test('PROTOCOL 7.2: by default a line of 5 MiB is read and a longer one is not', async () => {
    const chunks = function* (length: number) {
      yield '{"a":"';
      for (let left = length - 9; left > 0; left -= 65_536) yield 'x'.repeat(Math.min(left, 65_536));
      yield '"}\n';
    };
    const { stats } = await read([{ chunks: chunks(EVENT_CAP_BYTES) }, { chunks: chunks(EVENT_CAP_BYTES + 1) }]);
    expect(stats).toEqual({ lines: 1, bad: { ...none, oversize: 1 } });
  });

  test('a line without end costs no more memory than the cap', async () => {
    const piece = new Uint8Array(65_536).fill(0x78);
    const chunks = function* () {
      for (let sent = 0; sent < LONG_BYTES; sent += piece.length) yield piece;
      yield '\n{"a":1}\n';
    };
    const before = process.memoryUsage();
    const { lines, bad } = await read([{ chunks: chunks() }]);
    const after = process.memoryUsage();
    expect(lines).toEqual(['{"a":1}']);
    expect(bad).toEqual([{ reason: 'oversize', bytes: LONG_BYTES, seq: 0 }]);
    expect(after.rss - before.rss).toBeLessThan(128 * 1024 * 1024);
  });

  test('a line that comes byte by byte in large buffers does not pin them', async () => {
    const count = 50_000;
    const chunks = function* () {
      yield '{"a":"';
      // One byte each, and 64 KiB behind it.
      for (let sent = 0; sent < count; sent++) yield new Uint8Array(65_536).fill(0x78, 0, 1).subarray(0, 1);
      yield '"}\n';
    };
    const before = process.memoryUsage().arrayBuffers;
    const { lines } = await read([{ chunks: chunks() }]);
    expect(lines[0]).toHaveLength(count + 8);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024 * 1024);
  });

  test('TRICKLE 87: a cap for the whole segment skips the rest of it, counted once, and the next segment is read', async () => {
    const { lines, bad, stats } = await read(
      [{ chunks: ['{"a":1}\n{"a":2}\n{"a":', '3}\n', '{"a":4}\n'] }, { chunks: ['{"b":1}\n'] }],
      { maxSegmentBytes: 20 },
    );
    expect(lines).toEqual(['{"a":1}', '{"a":2}', '{"b":1}']);
    expect(bad).toEqual([{ reason: 'oversize_segment', bytes: 21, seq: 0 }]);
    expect(stats.bad.oversize_segment).toBe(1);
  });
});
