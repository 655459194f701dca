import { EVENT_CAP_BYTES, Header, ROLL_BYTES, ROLL_MS, type TrickleError } from '@runnel/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ObservedClock } from '../test/observed-clock.ts';
import { type Exchange, scripted, until } from '../test/scripted-server.ts';
import { createJsonlWriter, type JsonlWriter, type JsonlWriterOptions } from './index.ts';

/** A server that takes everything; `special` goes first and says whether it has answered. */
const taking = (special: (exchange: Exchange) => unknown = () => false) =>
  scripted(async (exchange) => {
    if ((await special(exchange)) !== false) return;
    const { method, part } = exchange;
    if (part === 'next') return exchange.answer(200, { [Header.latest]: '0' }, '0');
    if (method === 'POST' && part !== '') await exchange.body();
    return exchange.answer(200, { [Header.seq]: part });
  });

function writerTo(url: string, options: JsonlWriterOptions = {}): JsonlWriter {
  const writer = createJsonlWriter(url, options);
  onTestFinished(() => writer.close({ deadlineMs: 0, deleteChannel: false }).then(() => {}));
  return writer;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: TrickleError) => error.code,
  );

/** A JSON line of exactly `bytes` bytes, its LF included. */
const lineOf = (bytes: number) => `{"a":"${'x'.repeat(bytes - 9)}"}`;

/** The bodies of the segments that had any bytes. */
const segmentsOf = (exchanges: readonly Exchange[]) =>
  exchanges
    .filter(({ method, part, received }) => method === 'POST' && part !== '' && received() !== '')
    .sort((a, b) => Number(a.part) - Number(b.part))
    .map(({ received }) => received());

describe('lines become segments', () => {
  test('a line is on its way at once, and its segment stays open for the next', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    await writer.write('{"a":1}');
    const segment = await server.seen('POST 0');
    await segment.bytes(8);
    await writer.write(new TextEncoder().encode('{"a":2}'));
    await segment.bytes(16);
    expect(segment.received()).toBe('{"a":1}\n{"a":2}\n');
    expect(segment.headers['content-type']).toBe('application/jsonl');
    expect(segment.req.complete).toBe(false);
  });

  test('TRICKLE 85: a segment ends 10 s after its first line, without waiting for another, and the next line opens a new one', async () => {
    const clock = new ObservedClock();
    const server = await taking();
    const writer = writerTo(server.url, { clock });
    await writer.write('{"a":1}');
    clock.advance(ROLL_MS - 1);
    await writer.write('{"a":2}');
    const segment = await server.seen('POST 0');
    await segment.bytes(16);
    expect(segment.req.complete).toBe(false);
    clock.advance(1);
    await segment.body();
    await writer.write('{"a":3}');
    await (await server.seen('POST 1')).bytes(8);
    expect(segmentsOf(server.exchanges)).toEqual(['{"a":1}\n{"a":2}\n', '{"a":3}\n']);
  });

  test('TRICKLE 85: an idle writer makes no empty segments', async () => {
    const clock = new ObservedClock();
    const server = await taking();
    const writer = writerTo(server.url, { clock });
    await writer.write('{"a":1}');
    clock.advance(ROLL_MS);
    await until(() => writer.stats.linesAcknowledged === 1);
    for (let round = 0; round < 5; round++) clock.advance(ROLL_MS);
    await writer.close();
    expect(writer.stats.publisher).toMatchObject({ segments: 1, segmentsAcknowledged: 1 });
  });

  test('TRICKLE 85: a segment ends before the line that would take it over 512 KiB, never within a line', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    const lines = [lineOf(300_000), lineOf(ROLL_BYTES - 300_000), lineOf(9), lineOf(ROLL_BYTES - 8), lineOf(9)];
    for (const line of lines) await writer.write(line);
    await writer.close();
    expect(segmentsOf(server.exchanges).map((body) => body.length)).toEqual([ROLL_BYTES, 9, ROLL_BYTES - 8, 9]);
  });

  test('TRICKLE 85: a line longer than a segment is alone in its own', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    await writer.writeMany([lineOf(20), lineOf(ROLL_BYTES + 1), lineOf(30), lineOf(40)]);
    await writer.close();
    expect(segmentsOf(server.exchanges).map((body) => body.length)).toEqual([20, ROLL_BYTES + 1, 70]);
  });

  test('many lines are rolled just as if they came one by one, multi-byte ones too', async () => {
    const server = await taking();
    const writer = writerTo(server.url, { rollBytes: 1_000 });
    const lines = Array.from({ length: 500 }, (_, n) => `{"n":${n},"t":"${'é€😀x'.repeat(n % 13)}"}`);
    await writer.writeMany(lines);
    await writer.close();
    const bodies = segmentsOf(server.exchanges).map((body) => Buffer.from(body, 'latin1'));
    expect(Buffer.concat(bodies).toString()).toBe(lines.map((line) => `${line}\n`).join(''));
    for (const [index, body] of bodies.entries()) {
      expect(body.length).toBeLessThanOrEqual(1_000);
      const next = bodies[index + 1];
      if (next) expect(body.length + next.indexOf(10) + 1).toBeGreaterThan(1_000);
    }
  });

  test('lines that the transport has not got when their signal aborts are not written', async () => {
    const found = Promise.withResolvers<void>();
    const server = await taking(async ({ method, part }) => {
      if (method === 'GET' && part === 'next') await found.promise;
      return false;
    });
    const writer = writerTo(server.url);
    const taken = new AbortController();
    const written = writer.writeMany(['{"secret":1}'], { signal: taken.signal });
    taken.abort();
    found.resolve();
    expect(await codeOf(written)).toBe('aborted');
    await writer.write('{"b":2}');
    await writer.close();
    expect(segmentsOf(server.exchanges)).toEqual(['{"b":2}\n']);
  });

  test('many lines are few chunks on the wire', async () => {
    let chunks = 0;
    const server = await taking(({ req }) => {
      req.on('data', () => chunks++);
      return false;
    });
    const writer = writerTo(server.url);
    await writer.write('{"first":1}');
    await writer.writeMany(Array.from({ length: 500 }, () => lineOf(20)));
    await writer.close();
    expect(chunks).toBeLessThanOrEqual(5);
  });

  test('lines over 1 MiB are written and counted: stock Python readers stop there', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    await writer.writeMany([lineOf(1_048_576), lineOf(1_048_577)]);
    await writer.close();
    expect(writer.stats).toMatchObject({ lines: 2, linesAcknowledged: 2, linesOverStockReader: 1 });
  });

  test('PROTOCOL 7.2: a line of 5 MiB is written, a longer one is refused, and nothing of its batch is written', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    expect(await codeOf(writer.writeMany(['{"a":1}', lineOf(EVENT_CAP_BYTES + 1)]))).toBe('too_large');
    expect(writer.stats.lines).toBe(0);
    await writer.write(lineOf(EVENT_CAP_BYTES));
    await writer.close();
    expect(writer.stats).toMatchObject({ linesAcknowledged: 1, bytes: EVENT_CAP_BYTES });
  });

  test.each(['{"a":\n1}', new TextEncoder().encode('{"a":1}\n')])(
    'a line with a LF inside is refused',
    async (line) => {
      const writer = writerTo((await taking()).url);
      expect(await codeOf(writer.write(line))).toBe('invalid');
    },
  );

  test('writes that are not waited for keep their order, and are in before the close', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    const lines = Array.from({ length: 50 }, (_, n) => `{"n":${n}}`);
    for (const line of lines) void writer.write(line);
    const stats = await writer.close();
    expect(segmentsOf(server.exchanges)).toEqual([lines.map((line) => `${line}\n`).join('')]);
    expect(stats).toMatchObject({ lines: 50, linesAcknowledged: 50, publisher: { deleted: true } });
    expect(await codeOf(writer.write('{}'))).toBe('aborted');
  });

  test('a server that does not read holds the writer up, and memory with it', async () => {
    const server = await taking((exchange) => {
      if (exchange.part !== '0') return false;
      exchange.req.pause();
      return true;
    });
    const writer = writerTo(server.url, { rollBytes: 1024 * 1024 * 1024 });
    const batch = Array.from({ length: 64 }, () => lineOf(16_384));
    let held = 0;
    const writing = (async () => {
      for (; held < 1024; held++) await writer.writeMany(batch);
    })().catch((error: TrickleError) => error.code);
    // It is stuck once the count stands still while the event loop goes round and round.
    for (let still = 0, last = -1; still < 200; still = held === last ? still + 1 : 0) {
      last = held;
      await fetch(`${server.url}/next`);
    }
    expect(held).toBeLessThan(64);
    await writer.close({ deadlineMs: 0 });
    expect(await writing).toBe('aborted');
    expect(writer.stats.linesUnacknowledged).toBe(writer.stats.lines);
  });
});

describe('failures', () => {
  test('TRICKLE 80: lines of a segment that breaks are reported, and the next line goes on in a new one', async () => {
    const server = await taking(async (exchange) => {
      if (exchange.part === 'next') return exchange.answer(200, { [Header.latest]: server.log.length > 1 ? '1' : '0' });
      if (exchange.part !== '0') return false;
      await exchange.bytes(16);
      return exchange.cut();
    });
    const writer = writerTo(server.url);
    await writer.writeMany(['{"a":1}', '{"a":2}']);
    await until(() => writer.stats.linesUnacknowledged === 2);
    await writer.write('{"a":3}');
    const stats = await writer.close();
    expect(stats).toMatchObject({ lines: 3, linesAcknowledged: 1, linesUnacknowledged: 2 });
    expect(stats.publisher).toMatchObject({ bytesUnacknowledged: 16, bytesAcknowledged: 8 });
  });

  test('PROTOCOL 3.2: a segment that the server ends under the writer is followed by a new one', async () => {
    const server = await taking(async (exchange) => {
      if (exchange.part !== '0') return false;
      await exchange.bytes(8);
      return exchange.answer(200, { [Header.seq]: '0', Connection: 'close' });
    });
    const writer = writerTo(server.url);
    await writer.write('{"a":1}');
    await until(() => writer.stats.linesUnacknowledged === 1);
    await writer.write('{"a":2}');
    expect(await writer.close()).toMatchObject({
      linesAcknowledged: 1,
      linesUnacknowledged: 1,
      publisher: { bytesLate: 0 },
    });
  });

  test('TRICKLE 80: a channel that has ended is terminal', async () => {
    const server = await taking(async (exchange) => {
      if (exchange.part !== '0') return false;
      await exchange.bytes(8);
      return exchange.answer(200, { [Header.closed]: 'terminated', Connection: 'close' });
    });
    const writer = writerTo(server.url);
    await writer.write('{"a":1}');
    await until(() => writer.ended !== undefined);
    expect(await codeOf(writer.write('{"a":2}'))).toBe('closed');
    expect(writer.stats).toMatchObject({ lines: 1, linesUnacknowledged: 1 });
  });

  test('while the server is down a line is refused, not lost, and the same writer goes on when it is back', async () => {
    const server = await taking();
    const writer = writerTo(server.url);
    await server.kill();
    expect(await codeOf(writer.write('{"a":1}'))).toBe('unreachable');
    expect(writer.stats.lines).toBe(0);
    await server.revive();
    await writer.write('{"a":1}');
    expect(await writer.close()).toMatchObject({ lines: 1, linesAcknowledged: 1 });
  });

  test('closing does not wait longer than it may for a server that is away', async () => {
    const clock = new ObservedClock();
    const server = await scripted(() => {});
    const writer = writerTo(server.url, { clock });
    const written = codeOf(writer.write('{"a":1}'));
    await server.seen('GET next');
    const closed = writer.close({ deadlineMs: 3_000 });
    await clock.waits(3_000);
    clock.advance(3_000);
    expect((await closed).lines).toBe(0);
    expect(await written).toBe('aborted');
  });
});
