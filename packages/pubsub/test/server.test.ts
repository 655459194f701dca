/** Publisher and subscriber against our server, over sockets and in process. */
import { createTrickle, type Serving, serve, type TrickleOptions } from '@runnel/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createJsonlWriter,
  createPublisher,
  fetchTransport,
  readJsonl,
  subscribe,
  type Transport,
} from '../src/index.ts';
import { until } from './scripted-server.ts';

interface Place {
  url: string;
  transport?: Transport;
}

async function overSockets(options: TrickleOptions): Promise<Place> {
  const server = await serve({ ...options });
  onTestFinished(() => server.close());
  return { url: `${server.url}c` };
}

async function inProcess(options: TrickleOptions): Promise<Place> {
  const trickle = createTrickle(options);
  onTestFinished(() => trickle.stop());
  return { url: 'http://in.process/c', transport: fetchTransport((request) => trickle.fetch(request)) };
}

const line = (n: number) => `{"n":${n},"pad":"${'x'.repeat(n % 300)}"}`;
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n));
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** Everything a reader gives, as the numbers of its lines. */
async function readAll(reader: ReturnType<typeof readJsonl>, got: unknown[] = []): Promise<unknown[]> {
  for await (const batch of reader) for (const { value } of batch) got.push(value.n);
  return got;
}

describe.each([
  ['over sockets', overSockets],
  ['in process', inProcess],
])('%s', (_, start) => {
  test('10,000 lines in many segments arrive complete, in order, once', async () => {
    const { url, ...place } = await start({ channels: [{ name: 'c', mime: 'application/jsonl' }], lingerMs: 30_000 });
    const reader = readJsonl(url, place);
    const reading = readAll(reader);
    const writer = createJsonlWriter(url, { ...place, create: true, rollBytes: 20_000 });
    for (let n = 0; n < 10_000; n += 50) await writer.writeMany(lines(n, n + 50));
    const written = await writer.close();
    expect(await reading).toEqual(numbers(0, 10_000));
    expect(reader.subscription.end).toBe('ended');
    expect(reader.subscription.stats).toMatchObject({ skipped: 0, retries: 0, cut: 0, aborted: 0 });
    expect(written).toMatchObject({ linesAcknowledged: 10_000, linesUnacknowledged: 0, publisher: { deleted: true } });
    expect(written.publisher.segments).toBeGreaterThan(50);
  });

  test('one message per segment: none is missed, none is asked for in vain', async () => {
    const { url, ...place } = await start({ channels: [{ name: 'c', mime: 'text/plain' }], lingerMs: 30_000 });
    const publisher = createPublisher(url, place);
    const subscription = subscribe(url, place);
    const got: number[] = [];
    const reading = (async () => {
      for await (const segment of subscription) {
        for await (const chunk of segment) got.push(Number(new TextDecoder().decode(chunk)));
      }
    })();
    for (let n = 0; n < 300; n++) {
      const segment = await publisher.open();
      segment.write(new TextEncoder().encode(String(n)));
      segment.end().catch(() => {});
    }
    await publisher.close();
    await reading;
    expect(got).toEqual(numbers(0, 300));
    expect(subscription.stats).toMatchObject({ skipped: 0, retries: 0 });
  });

  test('TRICKLE 82: write, then close at once: nothing is lost, thirty times in a row', async () => {
    const names = numbers(0, 30).map((round) => `c-${round}`);
    const { url, ...place } = await start({ channels: names.map((name) => ({ name, mime: 'application/jsonl' })) });
    for (const round of numbers(0, 30)) {
      const reader = readJsonl(`${url}-${round}`, place);
      const reading = readAll(reader);
      const writer = createJsonlWriter(`${url}-${round}`, place);
      void writer.write(line(round));
      await writer.close();
      expect(await reading).toEqual([round]);
    }
  });

  test('TRICKLE 80: without autocreate and without a channel, publishing is terminal', async () => {
    const { url, ...place } = await start({});
    const careful = createJsonlWriter(url, { ...place, create: true });
    await expect(careful.write(line(0))).rejects.toMatchObject({ code: 'not_found' });
    expect(await careful.close()).toMatchObject({ lines: 0, publisher: { segments: 0 } });
    const writer = createJsonlWriter(url, place);
    // The 404 may come before the line is out, or after.
    await writer.write(line(0)).catch(() => {});
    await until(() => writer.ended !== undefined);
    await expect(writer.write(line(1))).rejects.toMatchObject({ code: 'not_found' });
    const { lines, linesAcknowledged, linesUnacknowledged, publisher } = await writer.close();
    expect([linesUnacknowledged, linesAcknowledged]).toEqual([lines, 0]);
    expect(publisher).toMatchObject({ bytesLate: 0, segments: 1, segmentsUnacknowledged: 1 });
  });

  test('TRICKLE 79: a second publisher takes over at the head, and readers go on without a gap', async () => {
    const { url, ...place } = await start({ channels: [{ name: 'c', mime: 'application/jsonl' }] });
    const reader = readJsonl(url, { ...place, from: 0 });
    const reading = readAll(reader);
    const first = createJsonlWriter(url, place);
    await first.writeMany(lines(0, 3));
    await first.close({ deleteChannel: false });
    const second = createJsonlWriter(url, place);
    await second.writeMany(lines(3, 6));
    await until(() => reader.stats.lines === 6);
    await second.close();
    expect(await reading).toEqual(numbers(0, 6));
    expect(reader.subscription.stats.skipped).toBe(0);
  });

  test('TRICKLE 83: a reader that pauses for longer than the window counts what it missed', async () => {
    const { url, ...place } = await start({ autocreate: true, window: 5, keepMs: 0 });
    const publisher = createPublisher(url, { ...place, create: true });
    const publish = async (n: number) => {
      const segment = await publisher.open();
      segment.write(new TextEncoder().encode(`${n}`));
      await segment.end();
    };
    await publish(0);
    const subscription = subscribe(url, { ...place, from: 0 });
    const seqs: number[] = [];
    for await (const segment of subscription) {
      for await (const _chunk of segment);
      seqs.push(segment.seq);
      if (seqs.length === 1) for (let n = 1; n <= 20; n++) await publish(n);
      if (segment.seq >= 21) break;
      if (seqs.length === 2) await publish(21);
    }
    // Segment 1 was preconnected. Of what follows it the window of five still holds 17, or 16 if 1 was the newest when it was asked for.
    expect(seqs).toEqual([0, 1, 17, 18, 19, 20, 21]);
    expect(subscription.stats).toMatchObject({ skipped: 15, discontinuities: 0 });
    await publisher.close();
  });
});

describe('dying', () => {
  test('PROTOCOL 4.2: the line that a dying publisher had not finished is dropped and counted, even one that reads like a line', async () => {
    const { url } = await overSockets({ autocreate: true, resumeMs: 50 });
    const reader = readJsonl(url, { waitForChannel: true });
    const reading = readAll(reader);
    const publisher = createPublisher(url, { create: true, mime: 'application/jsonl' });
    const segment = await publisher.open();
    segment.write(new TextEncoder().encode('{"n":1}\n{"n":2}'));
    await until(() => reader.stats.lines === 1);
    segment.abort();
    await until(() => reader.stats.bad.truncated === 1);
    await publisher.close();
    expect(await reading).toEqual([1]);
    expect(reader.subscription.stats.aborted).toBe(1);
  });

  test('a server that restarts is found again by both ends, in a new life of the channel, and the losses are counted', async () => {
    const options = { autocreate: true };
    let server: Serving = await serve(options);
    onTestFinished(() => server.close());
    const url = `${server.url}c`;
    const reader = readJsonl(url, { waitForChannel: true, retries: Number.POSITIVE_INFINITY });
    const got: unknown[] = [];
    const reading = readAll(reader, got);
    const writer = createJsonlWriter(url, { create: true, rollBytes: 1_000 });
    await writer.writeMany(lines(0, 100));
    await until(() => got.length === 100);
    await server.close();
    server = await serve({ ...options, port: server.port });
    for (let n = 100; n < 200; n++) {
      // A line that is refused was not taken: it may be written again.
      while (
        !(await writer.write(line(n)).then(
          () => true,
          () => false,
        ))
      );
    }
    await until(() => got.at(-1) === 199);
    const written = await writer.close();
    await reading;
    expect(written.lines).toBe(200);
    expect(written.linesAcknowledged + written.linesUnacknowledged).toBe(200);
    expect(got.length).toBeGreaterThanOrEqual(written.linesAcknowledged);
    expect(got).toEqual([...new Set(got)].sort((a, b) => Number(a) - Number(b)));
    expect(reader.subscription.stats.discontinuities).toBe(1);
    expect(written.publisher.epochs).toBe(1);
  });

  test('PROTOCOL 4.7: a line over the cap of the server aborts its segment; those before it stand', async () => {
    const { url } = await overSockets({ autocreate: true, eventBytes: 1_000 });
    const writer = createJsonlWriter(url, { create: true });
    await writer.write(line(1));
    await writer.write(`{"n":2,"pad":"${'x'.repeat(2_000)}"}`);
    await until(() => writer.stats.linesUnacknowledged === 2);
    await writer.write(line(3));
    const reader = readJsonl(url, { from: 0 });
    const reading = readAll(reader);
    await until(() => reader.stats.lines === 2);
    await writer.close();
    expect(await reading).toEqual([1, 3]);
  });
});
