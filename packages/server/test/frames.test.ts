/** How a segment holds what arrives in the smallest of pieces. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { inProcess } from './in-process.ts';
import { listening } from './listening.ts';
import { until } from './until.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** A POST body of so many pieces, each of which arrives in a turn of its own. */
function pieces(count: number, piece: (n: number) => string): ReadableStream<Uint8Array> {
  let n = 0;
  return new ReadableStream({
    async pull(controller) {
      await turn();
      if (n < count) controller.enqueue(Buffer.from(piece(n++)));
      else controller.close();
    },
  });
}

function post(trickle: ReturnType<typeof inProcess>['trickle'], body: ReadableStream<Uint8Array>): Promise<Response> {
  return trickle.fetch(new Request('http://in.process/c/0', { method: 'POST', body, duplex: 'half' } as RequestInit));
}

it('a segment that is written byte by byte takes little more memory than it has bytes', async () => {
  const { trickle } = inProcess();
  trickle.create('c', 'text/plain');
  const count = 30_000;
  const held = Promise.withResolvers<number>();
  let empty = 0;
  const body = pieces(count + 1, (n) => {
    if (n === 0 || n === count) collect();
    if (n === 0) empty = process.memoryUsage().heapUsed;
    if (n === count) held.resolve(process.memoryUsage().heapUsed - empty);
    return 'x';
  });
  const answer = post(trickle, body);
  expect(await held.promise).toBeLessThan(count * 40);
  expect((await answer).status).toBe(200);
});

it('a reader that stands between two small frames when they are joined gets every byte once', async () => {
  const { trickle } = inProcess();
  trickle.create('c', 'text/plain');
  const count = 30_000;
  const piece = (n: number) => `${n % 10}ab`;
  const answer = post(trickle, pieces(count, piece));
  const blocked = await trickle.fetch(new Request('http://in.process/c/0'));
  await answer;
  const whole = Array.from({ length: count }, (_, n) => piece(n)).join('');
  expect((await blocked.text()) === whole).toBe(true);
});

it('a reader that stops reading in the midst of small frames gets every byte once when it reads on, and so does the next on its connection', async () => {
  const server = await listening({ channels: [{ name: 'c', mime: 'text/plain' }] });
  const [reader, writer] = [await server.client(), await server.client()];
  reader.head('GET /c/0 HTTP/1.1');
  reader.head('GET /c/1 HTTP/1.1');
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(2, 1);
  writer.chunk('the first byte');
  await reader.until('first');
  reader.socket.pause();
  const event = (n: number) => `${n} ${'x'.repeat(300)}\n`;
  const count = 20_000;
  for (let n = 0; n < count; n += 100) {
    for (let each = n; each < n + 100; each++) writer.chunk(event(each));
    await server.roundTrip();
  }
  writer.send('0\r\n\r\n');
  await writer.until('Lp-Trickle-Seq: 0');
  await (await fetch(`${server.url}c/1`, { method: 'POST', body: 'the next segment' })).text();
  reader.socket.resume();
  await until('both segments', () => reader.text.endsWith('the next segment'));
  const bytes = reader.text.replace(/^.*?the first byte\r\n/s, '').replace(/\r\n0\r\n\r\n.*$/s, '');
  const whole = Array.from({ length: count }, (_, n) => event(n)).join('');
  expect(`\r\n${bytes}`.replace(/\r\n[\da-f]+\r\n/g, '') === whole).toBe(true);
});
