import { createServer } from 'node:net';
import { ManualClock } from '@runnel/protocol/testing';
import { serve } from '@runnel/server';
import { expect, it, onTestFinished } from 'vitest';
import { inProcess, told } from './in-process.ts';
import { listening } from './listening.ts';
import { settled, until } from './until.ts';

it('PROTOCOL 4.8: a stop answers those that wait 503, and says nothing of Closed', async () => {
  const server = await listening({ channels: [{ name: 'c', mime: 'text/plain' }] });
  const [reader, preconnect, writer] = [await server.client(), await server.client(), await server.client()];
  reader.head('GET /c/1 HTTP/1.1');
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('half');
  preconnect.head('POST /c/1 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(1, 2);
  const closed = server.close();
  for (const client of [reader, preconnect, writer]) {
    await client.until('Server is stopping\n');
    expect(client.text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(client.text).toContain('Retry-After: 1\r\n');
    expect(client.text).toContain('Connection: close\r\n');
    expect(client.text).not.toContain('Closed');
    client.destroy();
  }
  await closed;
});

it('PROTOCOL 4.8: every accepted byte reaches an attached reader, even a slow one, before the stop is over', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('first');
  await until('the first byte', () => server.trickle.get('c')?.head === 1);
  const reader = await server.client();
  reader.socket.pause();
  reader.head('GET /c/0 HTTP/1.1');
  await server.attached(1, 1);
  const piece = 'x'.repeat(50_000);
  for (let times = 0; times < 400; times++) writer.chunk(piece);
  await until('all is accepted', () => server.trickle.get('c')?.bytes === 5 + 400 * piece.length);
  const closed = server.close();
  reader.socket.resume();
  await until('all is read', () => reader.text.endsWith('0\r\nLp-Trickle-Aborted: 1\r\n\r\n'));
  expect(reader.text.match(/x/g)).toHaveLength(400 * piece.length);
  writer.destroy();
  await closed;
});

it('PROTOCOL 4.8: a reader that does not read holds the stop up for 3 s', async () => {
  const server = await listening();
  const body = 'x'.repeat(10_000_000);
  await (await fetch(`${server.url}c/0`, { method: 'POST', body })).text();
  const reader = await server.client();
  reader.socket.pause();
  reader.head('GET /c/0 HTTP/1.1');
  await server.attached(1, 0);
  let closed = false;
  const closing = server.close().then(() => {
    closed = true;
  });
  await settled();
  server.clock.advance(2_999);
  await settled();
  expect(closed).toBe(false);
  server.clock.advance(1);
  await closing;
});

it('PROTOCOL 4.8: a stopping server takes no new work', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  const stopped = server.trickle.stop();
  for (const answer of [await server.post('c/1', 'x'), await server.get('c/0'), await server.post('d')]) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.text()).toBe('Server is stopping\n');
  }
  await stopped;
  expect(await server.metric('refusals_total{reason="stopping"}')).toBe(3);
  expect(server.clock.pending).toBe(0);
});

it('in process, a stop ends readers and writers the same way', async () => {
  const server = inProcess();
  const writer = await server.open('c/0', 'half');
  const reader = await server.wait('c/0');
  const waiting = await server.wait('c/1');
  await server.trickle.stop();
  expect(reader).toMatchObject({ text: 'half', done: true });
  expect(waiting.response?.status).toBe(503);
  expect(told(waiting.response)).toEqual({});
  expect((await writer.answer).status).toBe(503);
});

it('a server that is closed twice closes once, and its port is free', async () => {
  const first = await serve({ clock: new ManualClock() });
  expect(first.url).toBe(`http://127.0.0.1:${first.port}/`);
  await Promise.all([first.close(), first.close()]);
  const second = await serve({ port: first.port, basePath: 'a/b' });
  expect(second.url).toBe(`http://127.0.0.1:${first.port}/a/b/`);
  await second.close();
});

it('a port that is in use is told in a sentence that names it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await until('listening', () => other.listening);
  const { port } = other.address() as { port: number };
  await expect(serve({ port })).rejects.toMatchObject({
    name: 'TrickleError',
    code: 'invalid',
    message: `Port ${port} on 127.0.0.1 is in use: stop what listens there, or choose another port (0 takes any free one).`,
  });
  await expect(serve({ host: '192.0.2.1' })).rejects.toThrow('192.0.2.1 is no address of this machine');
});

it('a server that others can reach says so', async () => {
  const warnings: string[] = [];
  const server = await serve({ host: '0.0.0.0', onWarning: (message) => warnings.push(message) });
  await server.close();
  const quiet = await serve({ host: '127.0.0.1', onWarning: (message) => warnings.push(message) });
  await quiet.close();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('everyone who can reach this machine');
});

it('health, readiness and metrics are at the root', async () => {
  const server = await listening({ basePath: '/ai/trickle' });
  const at = (path: string) => fetch(new URL(path, server.url));
  expect(await (await at('/healthz')).text()).toBe('ok\n');
  expect((await at('/readyz')).status).toBe(200);
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'zero' })).text();
  await (await fetch(`${server.url}c/9`)).text();
  const metrics = await at('/metrics');
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = (await metrics.text()).split('\n');
  expect(lines).toContain('runnel_server_answers_total{method="GET",status="470"} 1');
  expect(lines).toContain('runnel_server_answers_total{method="POST",status="200"} 1');
  expect(lines).toContain('runnel_server_received_bytes_total 4');
  await server.trickle.stop();
  expect((await at('/readyz')).status).toBe(503);
  expect((await at('/healthz')).status).toBe(200);
});
