import { EVENT_CAP_BYTES } from '@runnel/protocol';
import { expect, test } from 'vitest';
import { jsonLines } from './lines.ts';

test('a line is sent as it came, however the input was cut', async () => {
  const text = '{"n": 12345678901234567890,"n":1.0}\n  {"é":"\\u00e9"}  \r\n{"last":true}';
  for (const size of [1, 2, 7, 1000]) {
    const { lines, error } = await read(cut(Buffer.from(text), size));
    expect(error).toBeUndefined();
    expect(lines).toEqual(['{"n": 12345678901234567890,"n":1.0}', '  {"é":"\\u00e9"}  ', '{"last":true}']);
  }
});

test('blank lines are left out but have their numbers', async () => {
  const { lines, error } = await read([Buffer.from('\n \r\n{"a":1}\n\nnope\n')]);
  expect(lines).toEqual(['{"a":1}']);
  expect(error).toMatch(/^Line 5 of standard input is not valid JSON/);
});

test.each([
  ['no JSON', '{"a":', /^Line 2 .* is not valid JSON/],
  ['no object', '[1]', /^Line 2 .* is no JSON object/],
  ['null', 'null', /^Line 2 .* is no JSON object/],
  ['no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), /^Line 2 .* is not valid UTF-8/],
])('the lines before a bad one are sent, and its number is said: %s', async (_, line, said) => {
  const input = Buffer.concat([Buffer.from('{"good":1}\n'), Buffer.from(line), Buffer.from('\n{"good":2}\n')]);
  for (const size of [1, 1000]) {
    const { lines, error } = await read(cut(input, size));
    expect(lines).toEqual(['{"good":1}']);
    expect(error).toMatch(said);
  }
});

test('PROTOCOL 7.2: a line of the event cap with its LF passes, one byte more does not', async () => {
  const fits = Buffer.from(`{"a":"${'x'.repeat(EVENT_CAP_BYTES - 1 - 8)}"}\n`);
  expect(fits.length).toBe(EVENT_CAP_BYTES);
  expect((await read(cut(fits, 65_536))).error).toBeUndefined();

  const long = Buffer.from(`{"a":"${'x'.repeat(EVENT_CAP_BYTES - 8)}"}\n`);
  expect((await read(cut(long, 65_536))).error).toMatch(/^Line 1 .* is longer than 5242879 bytes/);
});

test('an input that never ends its line is refused at the cap, not collected', async () => {
  let taken = 0;
  function* endless() {
    for (;;) {
      taken += 65_536;
      yield Buffer.alloc(65_536, 0x20);
    }
  }
  expect((await read(endless())).error).toMatch(/^Line 1 .* is longer/);
  expect(taken).toBeLessThanOrEqual(EVENT_CAP_BYTES + 65_536);
});

function* cut(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(chunks: Iterable<Uint8Array>): Promise<{ lines: string[]; error: string | undefined }> {
  const lines: string[] = [];
  async function* input() {
    yield* chunks;
  }
  try {
    for await (const batch of jsonLines(input())) lines.push(...batch.map((line) => Buffer.from(line).toString()));
    return { lines, error: undefined };
  } catch (error) {
    return { lines, error: error instanceof Error ? error.message : String(error) };
  }
}
