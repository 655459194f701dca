import { Header } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { listening } from './listening.ts';
import { until } from './until.ts';

it('TRICKLE 48: a waiting GET sends nothing before the first byte, then head and byte, then each byte as it comes', async () => {
  const server = await listening({ channels: [{ name: 'c', mime: 'text/plain' }] });
  const reader = await server.client();
  const writer = await server.client();
  reader.head('GET /c/0 HTTP/1.1');
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(1, 1);
  expect(reader.text).toBe('');
  writer.chunk('one');
  await reader.until('\r\n3\r\none\r\n');
  const head = reader.take();
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\nLp-Trickle-Seq: 0\r\nLp-Trickle-Epoch: /);
  expect(head).toContain('\r\nTrailer: Lp-Trickle-Aborted\r\n');
  expect(head).not.toContain(Header.latest);
  writer.chunk('two');
  await reader.until('3\r\ntwo\r\n');
  writer.send('0\r\n\r\n');
  await reader.until('two\r\n0\r\n\r\n');
});

it('chunks that arrive together leave together', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('start');
  await server.attached(0, 1);
  const reader = await server.client();
  reader.head('GET /c/0 HTTP/1.1');
  await reader.until('start');
  writer.send('1\r\na\r\n1\r\nb\r\n1\r\nc\r\n');
  await reader.until('\r\n3\r\nabc\r\n');
});

it('a finished segment leaves as one answer with its length, and the connection stays', async () => {
  const server = await listening();
  const client = await server.client();
  client.head('POST /c/0 HTTP/1.1', 'Content-Length: 5');
  client.send('hello');
  await client.until('Lp-Trickle-Seq: 0');
  client.take();
  client.head('GET /c/0 HTTP/1.1');
  await client.until('\r\n\r\nhello');
  expect(client.take()).toMatch(/Content-Length: 5\r\nLp-Trickle-Size: 5\r\n/);
  client.head('GET /c/9 HTTP/1.1');
  await client.until('Entry not found\n');
  expect(client.take()).toMatch(/^HTTP\/1\.1 470 .*\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
  client.head('GET /c/0 HTTP/1.1', 'Connection: close');
  await client.until('\r\n\r\nhello');
  await until('closed by the server', () => client.ended);
});

it('PROTOCOL 4.2: readers of an aborted segment get all bytes and then the trailer', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('half');
  await server.attached(0, 1);
  const reader = await server.client();
  const old = await server.client();
  reader.head('GET /c/0 HTTP/1.1');
  old.head('GET /c/0 HTTP/1.0');
  await reader.until('half');
  await old.until('half');
  writer.destroy();
  await server.attached(2, 0);
  server.clock.advance(5_000);
  await reader.until('half\r\n0\r\nLp-Trickle-Aborted: 1\r\n\r\n');
  await until('the end of an HTTP/1.0 answer', () => old.ended);
  expect(old.text).toMatch(/\r\n\r\nhalf$/);
  expect(old.text).not.toContain(Header.aborted);
});

it('PROTOCOL 3.2: a preconnect gets 100 Continue after 10 s and then every 25 s, and none after the first byte', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(0, 1);
  const continued = 'HTTP/1.1 100 Continue\r\n\r\n';
  server.clock.advance(9_999);
  await server.roundTrip();
  expect(writer.text).toBe('');
  server.clock.advance(1);
  await writer.until(continued);
  server.clock.advance(24_999);
  await server.roundTrip();
  expect(writer.text).toBe(continued);
  server.clock.advance(1);
  await writer.until(continued + continued);
  writer.take();
  writer.chunk('x');
  await until('the byte is there', () => server.trickle.get('c')?.head === 1);
  server.clock.advance(100_000);
  writer.send('0\r\n\r\n');
  await writer.until(Header.seq);
  expect(writer.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

it('TRICKLE 29: Expect: 100-continue is answered by a 100 at once and the 200 after the body', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Content-Length: 2', 'Expect: 100-continue');
  await writer.until('HTTP/1.1 100 Continue\r\n\r\n');
  writer.send('ok');
  await writer.until('\r\nLp-Trickle-Seq: 0\r\n');
});

it('TRICKLE 3: a POST without a channel is answered at once, read for half a second more, and closed', async () => {
  const server = await listening({ autocreate: false });
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await writer.until('Stream not found\n');
  expect(writer.text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(writer.text).toContain('\r\nConnection: close\r\n');
  writer.chunk('x'.repeat(100_000));
  await until('read and discarded', () => writer.socket.writableLength === 0);
  server.clock.advance(499);
  await server.roundTrip();
  expect(writer.ended).toBe(false);
  server.clock.advance(1);
  await until('closed by the server', () => writer.ended);
});

it('an early answer closes as soon as the body has ended', async () => {
  const server = await listening();
  const client = await server.client();
  client.head('POST /c/0 HTTP/1.1', 'Content-Length: 1');
  client.send('x');
  await client.until(Header.seq);
  client.take();
  client.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await client.until('Segment is closed\n');
  expect(client.text).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
  client.send('5\r\nlater\r\n0\r\n\r\n');
  await until('closed by the server', () => client.ended);
  expect(await server.metric('discarded_bytes_total')).toBe(5);
});

it('the answer to a large POST that is refused arrives, however much is on its way', async () => {
  const server = await listening({ segmentBytes: 1_000 });
  const client = await server.client();
  client.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  for (let times = 0; times < 200; times++) client.chunk('x'.repeat(50_000));
  await client.until('Segment too large\n');
  expect(client.text).toMatch(/^HTTP\/1\.1 413 /);
  expect(await server.metric('open_bytes')).toBe(0);
});

it('TRICKLE 69: DELETE of the channel answers a waiting GET and a preconnected POST at once', async () => {
  const server = await listening();
  const [reader, writer] = [await server.client(), await server.client()];
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(0, 1);
  reader.head('GET /c/0 HTTP/1.1');
  await server.attached(1, 1);
  expect((await fetch(`${server.url}c`, { method: 'DELETE' })).status).toBe(200);
  for (const client of [reader, writer]) {
    await client.until('Lp-Trickle-Closed: terminated');
    expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.text).toContain('Content-Length: 0\r\n');
  }
  expect(writer.text).toContain('Connection: close\r\n');
});

it('PROTOCOL 3.7: what a publisher wrote before it hung up and deleted the channel is read first', async () => {
  const server = await listening({ lingerMs: 60_000 });
  const writer = await server.client();
  const deleter = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('first');
  await until('the first byte', () => server.trickle.get('c')?.head === 1);
  writer.chunk('x'.repeat(200_000));
  deleter.head('DELETE /c HTTP/1.1');
  writer.socket.destroySoon();
  await deleter.until('200 OK');
  expect(server.trickle.get('c')).toMatchObject({ bytes: 200_005, closed: true });
});

it('PROTOCOL 3.7: so it is when the connection it wrote on stands behind many that are not accepted yet', async () => {
  const server = await listening({ lingerMs: 60_000 });
  const deleter = await server.client();
  deleter.head('POST /c HTTP/1.1');
  await deleter.until('200 OK');
  deleter.take();
  const clients = await Promise.all(Array.from({ length: 60 }, () => server.client()));
  const writer = clients.at(-1);
  writer?.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer?.chunk('the last words');
  writer?.destroy();
  deleter.head('DELETE /c HTTP/1.1');
  await deleter.until('200 OK');
  expect(server.trickle.get('c')).toMatchObject({ bytes: 14, closed: true });
});

it('a reader that hangs up while it waits is forgotten at once', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c`, { method: 'POST' })).text();
  const [gone, finished] = [await server.client(), await server.client()];
  gone.head('GET /c/0 HTTP/1.1');
  finished.head('GET /c/0 HTTP/1.1');
  await server.attached(2, 0);
  gone.destroy();
  await server.attached(1, 0);
  // Half-open: it can still read, but it has said that it is done.
  finished.socket.end();
  await server.attached(0, 0);
});

it('a waiting GET with a body that is never read is forgotten when it hangs up, too', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c`, { method: 'POST' })).text();
  const client = await server.client();
  client.head('GET /c/0 HTTP/1.1', 'Content-Length: 500000');
  client.send('x'.repeat(400_000));
  await server.attached(1, 0);
  client.destroy();
  await server.attached(0, 0);
});

it('pipelined GETs are answered in order, and forgotten together', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'zero' })).text();
  const client = await server.client();
  client.head('GET /c/1 HTTP/1.1');
  client.head('GET /c/0 HTTP/1.1');
  client.head('GET /c/2 HTTP/1.1');
  await until('waiting', () => server.trickle.get('c')?.readers === 2);
  expect(client.text).toBe('');
  await (await fetch(`${server.url}c/1`, { method: 'POST', body: 'one' })).text();
  await client.until('zero');
  await client.until('Entry not found');
  const text = client.take();
  expect(text.indexOf('one')).toBeLessThan(text.indexOf('zero'));
  for (const seq of [2, 2, 2]) client.head(`GET /c/${seq} HTTP/1.1`);
  await server.attached(3, 0);
  client.destroy();
  await server.attached(0, 0);
});

it('a POST behind a waiting GET on one connection is read; its answer waits for its turn', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c`, { method: 'POST' })).text();
  const client = await server.client();
  client.head('GET /c/0 HTTP/1.1');
  client.head('POST /c/1 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(1, 1);
  server.clock.advance(10_000);
  client.chunk('one');
  client.send('0\r\n\r\n');
  await until('it is stored', () => server.trickle.get('c')?.head === 2);
  expect(client.text).toBe('');
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'zero' })).text();
  await client.until('zero');
  await client.until('Lp-Trickle-Seq: 1');
  expect(client.text).not.toContain('100 Continue');
});

it('TRICKLE 64: a reader that does not read holds up neither the publisher nor other readers', async () => {
  const server = await listening({ keepMs: 0, window: 1 });
  const piece = 'x'.repeat(64 * 1024);
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await until('the channel', () => server.trickle.get('c')?.writers === 1);
  const slow = await server.client();
  slow.socket.pause();
  slow.head('GET /c/0 HTTP/1.1');
  await server.attached(1, 1);
  const fast = fetch(`${server.url}c/0`).then((answer) => answer.arrayBuffer());
  await server.attached(2, 1);
  for (let times = 0; times < 256; times++) writer.chunk(piece);
  writer.send('0\r\n\r\n');
  expect((await fast).byteLength).toBe(256 * piece.length);
  await (await fetch(`${server.url}c/1`, { method: 'POST', body: 'one' })).text();
  expect(await server.metric('pinned_bytes')).toBe(256 * piece.length);
  server.clock.advance(10_000);
  expect(await server.metric('pinned_bytes')).toBe(0);
  expect(await server.metric('cut_readers_total')).toBe(1);
  slow.socket.resume();
  await until('its connection is broken', () => slow.ended);
  expect(slow.text).not.toContain('\r\n0\r\n');
});

it.each([false, true])(
  'the server stops reading sockets when it holds too much, and goes on when bytes are free (fast ingest: %s)',
  async (fastIngest) => {
    const budget = 4 * 1024 * 1024;
    const channels = ['big', 'held', 'late'].map((name) => ({ name, mime: 'text/plain' }));
    const server = await listening({ budgetBytes: budget, segmentBytes: budget, fastIngest, channels });
    const big = await server.client();
    const piece = 'x'.repeat(64 * 1024);
    big.head('POST /big/0 HTTP/1.1', 'Transfer-Encoding: chunked');
    for (let times = 0; times < 40; times++) big.chunk(piece);
    await until('big is read', () => server.trickle.get('big')?.bytes === 40 * piece.length);
    const held = await server.client();
    held.head('POST /held/0 HTTP/1.1', 'Transfer-Encoding: chunked');
    for (let times = 0; times < 30; times++) held.chunk(piece);
    await until('paused', () => (server.trickle.get('held')?.bytes ?? 0) + 40 * piece.length > budget);
    for (let times = 0; times < 5; times++) await server.roundTrip();
    expect(await server.metric('paused')).toBe(1);
    expect(server.trickle.get('held')?.bytes).toBeLessThan(30 * piece.length);
    const late = await server.client();
    late.head('POST /late/0 HTTP/1.1', 'Transfer-Encoding: chunked');
    await until('a writer that comes in the pause', () => server.trickle.get('late')?.writers === 1);
    for (let times = 0; times < 10; times++) late.chunk(piece);
    for (let times = 0; times < 5; times++) await server.roundTrip();
    expect(server.trickle.get('late')?.bytes).toBeLessThanOrEqual(2 * piece.length);
    late.send('0\r\n\r\n');
    big.send('0\r\n\r\n');
    held.send('0\r\n\r\n');
    await held.until(Header.seq);
    expect(await server.metric('paused')).toBe(0);
    expect(server.trickle.get('held')?.bytes).toBe(30 * piece.length);
    await late.until(Header.seq);
    expect(server.trickle.get('late')?.bytes).toBe(10 * piece.length);
  },
);
