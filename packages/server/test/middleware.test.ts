import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { answerRaw, createTrickle } from '@runnel/server';
import { Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { expect, it, onTestFinished } from 'vitest';
import { listening } from './listening.ts';
import { until } from './until.ts';

/** Middleware that sets headers before and after the handler, in both of Hono's ways. */
const headers: MiddlewareHandler = async (c, next) => {
  c.header('X-Before', 'before');
  await next();
  c.header('X-After', 'after');
  c.res.headers.append('Set-Cookie', 'a=1');
  c.res.headers.append('Set-Cookie', 'b=2');
};

it('HOUSE 2: headers of cors and others are on every kind of answer, which is given once', async () => {
  const server = await listening({ use: [cors(), headers], channels: [{ name: 'c', mime: 'text/plain' }] });
  const client = await server.client();
  const requests: [request: string[], body: string, end: string][] = [
    [['POST /c/0 HTTP/1.1', 'Content-Length: 4'], 'zero', 'Lp-Trickle-Epoch: '],
    [['GET /c/0 HTTP/1.1'], '', '\r\n\r\nzero'],
    [['GET /c/9 HTTP/1.1'], '', 'Entry not found\n'],
    [['GET /nobody/0 HTTP/1.1'], '', 'Stream not found\n'],
    [['GET /c/next HTTP/1.1'], '', '\r\n\r\n1'],
    [['HEAD /c/0 HTTP/1.1'], '', '\r\n\r\n'],
    [['POST /c/0 HTTP/1.1', 'Content-Length: 4'], 'late', 'Segment is closed\n'],
  ];
  for (const [request, body, end] of requests) {
    client.head(...request);
    client.send(body);
    await client.until(end);
    await server.roundTrip();
    const text = client.take().toLowerCase();
    expect(text.match(/http\/1\.1 \d/g), request[0]).toHaveLength(1);
    expect(text).toContain('access-control-allow-origin: *\r\n');
    expect(text.match(/^x-before: before\r$/gm), request[0]).toHaveLength(1);
  }
});

it('HOUSE 2: a head that is withheld carries what middleware set after the handler, too', async () => {
  const server = await listening({ use: [cors(), headers], channels: [{ name: 'c', mime: 'text/plain' }] });
  const [reader, writer] = [await server.client(), await server.client()];
  reader.head('GET /c/0 HTTP/1.1', 'Origin: http://elsewhere');
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await server.attached(1, 1);
  expect(reader.text).toBe('');
  writer.chunk('zero');
  writer.send('0\r\n\r\n');
  for (const client of [reader, writer]) {
    await client.until('Lp-Trickle-Seq: 0');
    for (const line of ['x-before: before', 'x-after: after', 'set-cookie: a=1', 'set-cookie: b=2']) {
      expect(client.text.split('\r\n')).toContain(line);
    }
    expect(client.text).not.toContain('x-hono-already-sent');
  }
  await reader.until('zero');
  expect(reader.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

it('what one request was given does not show on the next', async () => {
  let first = true;
  const once: MiddlewareHandler = async (c, next) => {
    await next();
    if (first) c.res.headers.set('X-Once', 'here');
    first = false;
  };
  const server = await listening({ use: [once] });
  const post = (seq: number) => fetch(`${server.url}c/${seq}`, { method: 'POST', body: 'x' });
  expect((await post(0)).headers.has('x-once')).toBe(true);
  expect((await post(1)).headers.has('x-once')).toBe(false);
});

it('middleware that refuses is heard, and what it answers is all there is', async () => {
  const server = await listening({ use: [(c) => Promise.resolve(c.text('No', 401))] });
  const answer = await fetch(`${server.url}c/0`, { method: 'POST', body: 'x' });
  expect([answer.status, await answer.text()]).toEqual([401, 'No']);
  expect(server.trickle.list()).toEqual([]);
  expect((await fetch(`${server.url}healthz`)).status).toBe(200);
});

it('middleware that looks at the answer sees the status of one that is given at once', async () => {
  const seen: number[] = [];
  const look: MiddlewareHandler = async (c, next) => {
    await next();
    seen.push(c.res.status);
  };
  const server = await listening({ use: [look], autocreate: false });
  await (await fetch(`${server.url}c/0`)).text();
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'x' })).text();
  expect(seen).toEqual([404, 404]);
});

it('middleware that fails after the answer was claimed changes nothing', async () => {
  const fails: MiddlewareHandler = async (_c, next) => {
    await next();
    throw new Error('too late');
  };
  const { error } = console;
  console.error = () => {};
  onTestFinished(() => {
    console.error = error;
  });
  const server = await listening({ use: [fails] });
  const answer = await fetch(`${server.url}c/0`, { method: 'POST', body: 'x' });
  expect(answer.status).toBe(200);
  expect(server.trickle.get('c')).toMatchObject({ head: 1 });
});

it.each([true, false])(
  'mounted in an app of the user, under a base path (adapter overrides globals: %s)',
  async (override) => {
    const { Request: OwnRequest, Response: OwnResponse } = globalThis;
    onTestFinished(() => {
      Object.assign(globalThis, { Request: OwnRequest, Response: OwnResponse });
    });
    const trickle = createTrickle({ autocreate: true });
    const app = new Hono();
    app.use(cors(), headers);
    app.get('/hello', (c) => c.text('hello'));
    app.route('/ai/trickle', trickle.app);
    const server = createServer(getRequestListener(answerRaw(app.fetch), { overrideGlobalObjects: override }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await trickle.stop();
      server.closeAllConnections();
      server.close();
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await (await fetch(`${base}/hello`)).text()).toBe('hello');
    await (await fetch(`${base}/ai/trickle/a%20%25%2Fb`, { method: 'POST' })).text();
    const reading = fetch(`${base}/ai/trickle/a%20%25%2Fb/0`);
    await until('it waits', () => trickle.list()[0]?.readers === 1);
    const posted = await fetch(`${base}/ai/trickle/a%20%25%2Fb/0`, { method: 'POST', body: 'zero' });
    const read = await reading;
    for (const answer of [posted, read]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-after')).toBe('after');
      expect(answer.headers.get('lp-trickle-seq')).toBe('0');
    }
    expect(await read.text()).toBe('zero');
    expect(trickle.list().map(({ name }) => name)).toEqual(['a %/b']);
    expect((await fetch(`${base}/ai/trickle/%zz/0`)).status).toBe(400);
  },
);

it('without middleware the app works under a plain adapter as well', async () => {
  const trickle = createTrickle({ autocreate: true });
  const server = createServer(getRequestListener(trickle.app.fetch, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect((await fetch(`${base}/c/0`, { method: 'POST', body: 'zero' })).headers.get('lp-trickle-seq')).toBe('0');
  expect(await (await fetch(`${base}/c/0`)).text()).toBe('zero');
});

/** A server whose middleware, and policy for new channels, wait until they are told to go on. */
async function pensive() {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  let gone = 0;
  const wait = () => {
    waiting++;
    return gate.promise;
  };
  const watch: MiddlewareHandler = async (c, next) => {
    const { incoming } = c.env as { incoming: IncomingMessage };
    incoming.socket.once('close', () => gone++);
    if (c.req.header('x-wait')) await wait();
    await next();
  };
  const server = await listening({ use: [watch], beforeCreate: wait, channels: [{ name: 'c', mime: 'text/plain' }] });
  return {
    server,
    /** Sends a request and hangs up while it is thought about. */
    async askAndLeave(...request: string[]) {
      const before = { waiting, gone };
      const client = await server.client();
      client.head(...request);
      await until('it is thought about', () => waiting > before.waiting);
      client.destroy();
      await until('the server knows that the client left', () => gone > before.gone);
    },
    async goOn() {
      gate.resolve();
      await server.roundTrip();
      await server.roundTrip();
    },
  };
}

it('a client that hangs up while middleware thinks is forgotten: neither a reader nor a writer stays', async () => {
  const { server, askAndLeave, goOn } = await pensive();
  await askAndLeave('GET /c/0 HTTP/1.1', 'X-Wait: 1');
  await askAndLeave('POST /c/0 HTTP/1.1', 'X-Wait: 1', 'Transfer-Encoding: chunked');
  await askAndLeave('GET /nobody/0 HTTP/1.1', 'X-Wait: 1');
  await goOn();
  expect(server.trickle.get('c')).toMatchObject({ readers: 0, writers: 0 });
  expect(await server.metric('readers')).toBe(0);
  expect(await server.metric('dead_writers_total')).toBe(1);
});

it('a publisher that hangs up while policy thinks about its channel is a writer that died', async () => {
  const { server, askAndLeave, goOn } = await pensive();
  await askAndLeave('POST /new/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  await goOn();
  expect(server.trickle.get('new')).toMatchObject({ writers: 0, head: 0 });
  expect(await server.metric('dead_writers_total')).toBe(1);
});

it('a connection on which requests are pipelined for ever holds nothing of those that were answered', async () => {
  let socket: Socket | undefined;
  const look: MiddlewareHandler = (c, next) => {
    ({ socket } = (c.env as { incoming: IncomingMessage }).incoming);
    return next();
  };
  const server = await listening({ use: [look] });
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'zero' })).text();
  const client = await server.client();
  const round = async (last: string) => {
    for (const request of ['GET /c/0', 'GET /c/0', 'GET /c/0', `GET /c/${last}`]) client.head(`${request} HTTP/1.1`);
    await client.until(`Lp-Trickle-Seq: ${last}`);
    await server.roundTrip();
  };
  await round('77');
  const listeners = () => socket?.listenerCount('close');
  client.head('GET /c/78 HTTP/1.1');
  await client.until('Lp-Trickle-Seq: 78');
  const before = listeners();
  for (const last of ['79', '80', '81']) await round(last);
  client.head('GET /c/82 HTTP/1.1');
  await client.until('Lp-Trickle-Seq: 82');
  expect(before).toBeGreaterThan(0);
  expect(listeners()).toBe(before);
});
