import { expect, it } from 'vitest';
import { type Listening, listening } from './listening.ts';
import { until } from './until.ts';

/** That a channel beside the bad input works on. */
async function unharmed(server: Listening): Promise<void> {
  const posted = await fetch(`${server.url}beside/-1`, { method: 'POST', body: 'fine' });
  expect(posted.status).toBe(200);
  expect(await (await fetch(`${server.url}beside/-2`)).text()).toBe('fine');
}

async function answerTo(server: Listening, ...lines: string[]): Promise<string> {
  const client = await server.client();
  client.head(...lines, 'Connection: close');
  await until('an answer', () => client.ended);
  return client.text;
}

it('what is no HTTP is answered 400, closed and counted', async () => {
  const server = await listening();
  const client = await server.client();
  client.send('Rubbish!\r\n\r\n');
  await client.until('HTTP/1.1 400 Bad Request\r\n');
  client.send('More of it\r\n\r\n');
  await until('closed by the server', () => client.ended);
  server.clock.advance(500);
  await until('gone', () => client.closed || client.socket.destroyed || client.ended);
  expect(client.text.match(/HTTP/g)).toHaveLength(1);
  expect(await server.metric('refusals_total{reason="malformed"}')).toBe(1);
  await unharmed(server);
});

it('headers without end are answered 431', async () => {
  const server = await listening();
  const client = await server.client();
  client.send(`GET /c/0 HTTP/1.1\r\nHost: test\r\n${'X-Flood: 0123456789\r\n'.repeat(2_000)}`);
  await client.until('HTTP/1.1 431 ');
  await unharmed(server);
});

it('malformed chunking in the middle of a body is a writer that died', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('good');
  await until('the first byte', () => server.trickle.get('c')?.head === 1);
  const reader = await server.client();
  reader.head('GET /c/0 HTTP/1.1');
  await reader.until('good');
  writer.send('not a chunk size\r\n');
  await writer.until('HTTP/1.1 400 Bad Request');
  server.clock.advance(500);
  await server.attached(1, 0);
  expect(await server.metric('dead_writers_total')).toBe(1);
  server.clock.advance(5_000);
  await reader.until('0\r\nLp-Trickle-Aborted: 1\r\n');
  await unharmed(server);
});

it('a body shorter than its Content-Length is a writer that died', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Content-Length: 10');
  writer.send('half');
  await until('the first bytes', () => server.trickle.get('c')?.head === 1);
  writer.socket.end();
  await server.attached(0, 0);
  expect(await server.metric('dead_writers_total')).toBe(1);
  expect(await server.metric('refusals_total{reason="malformed"}')).toBe(0);
  await unharmed(server);
});

it('a writer whose connection is reset is counted as dead, and as nothing else', async () => {
  const server = await listening();
  const writer = await server.client();
  writer.head('POST /c/0 HTTP/1.1', 'Transfer-Encoding: chunked');
  writer.chunk('half');
  await until('the first bytes', () => server.trickle.get('c')?.head === 1);
  writer.socket.resetAndDestroy();
  await server.attached(0, 0);
  await server.roundTrip();
  expect(await server.metric('dead_writers_total')).toBe(1);
  expect(await server.metric('refusals_total{reason="malformed"}')).toBe(0);
});

it('a request smuggled behind two lengths is refused', async () => {
  const server = await listening();
  const client = await server.client();
  client.head('POST /c/0 HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked');
  client.send('0\r\n\r\nDELETE /beside HTTP/1.1\r\nHost: test\r\n\r\n');
  await client.until('HTTP/1.1 400 Bad Request');
  await unharmed(server);
});

it('PROTOCOL 2: malformed names and seqs are answered 400 and create nothing', async () => {
  const server = await listening({ basePath: '/ai/trickle' });
  const base = '/ai/trickle';
  const long = 'x'.repeat(256);
  const names = [
    '%',
    '%zz',
    'a%2',
    '%00',
    'a%0Ab',
    '%7F',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%ff%fe',
    long,
    encodeURIComponent('€'.repeat(86)),
  ];
  for (const name of names) {
    for (const path of [`${base}/${name}`, `${base}/${name}/0`]) {
      const answer = await answerTo(server, `POST ${path} HTTP/1.1`);
      expect(`${path} ${answer}`).toMatch(/HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nInvalid name\n$/);
    }
  }
  const seqs = [
    'x',
    '0x1',
    '1.0',
    '1e3',
    '--1',
    '+',
    '%20',
    '9007199254740992',
    '1'.repeat(40),
    '-2',
    '-9007199254740993',
  ];
  for (const seq of seqs) {
    const answer = await answerTo(server, `POST ${base}/c/${seq} HTTP/1.1`);
    expect(`${seq} ${answer}`).toMatch(/HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nInvalid idx\n$/);
  }
  expect(server.trickle.list()).toEqual([]);
  await unharmed(server);
});

it('PROTOCOL 2: names are percent-decoded once, and everything else goes', async () => {
  const server = await listening({ basePath: '/ai/trickle' });
  const names = ['a/b', 'a b', '€', 'a~b', '100%', 'a%2Fb', 'a?b#c', '...', 'next', 'x'.repeat(255), '"<>\\^`{|}'];
  for (const name of names) {
    const path = encodeURIComponent(name).replace(/\.\.\./g, '%2E..');
    const posted = await fetch(`${server.url}${path}/0?query=ignored`, { method: 'POST', body: name });
    expect([name, posted.status]).toEqual([name, 200]);
  }
  expect(server.trickle.list().map(({ name }) => name)).toEqual([...names].sort());
});

it('PROTOCOL 2: +7 and 007 are 7', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c/%2B7`, { method: 'POST', body: 'seven' })).text();
  expect(await (await fetch(`${server.url}c/007`)).text()).toBe('seven');
  expect(await answerTo(server, 'GET /c/+7 HTTP/1.1')).toContain('seven');
});

it('PROTOCOL 2: other methods are 405 with Allow, other paths 404', async () => {
  const server = await listening({ basePath: '/ai/trickle/' });
  const ask = async (method: string, path: string) => {
    const answer = await fetch(server.url + path, { method });
    return [
      answer.status,
      answer.headers.get('allow'),
      answer.headers.get('x-content-type-options'),
      await answer.text(),
    ];
  };
  const wrong = (allow: string) => [405, allow, 'nosniff', 'Method not allowed\n'];
  expect(await ask('GET', 'c')).toEqual(wrong('DELETE, POST'));
  expect(await ask('PUT', 'c')).toEqual(wrong('DELETE, POST'));
  expect(await ask('PUT', 'c/0')).toEqual(wrong('DELETE, GET, HEAD, POST'));
  expect(await ask('POST', 'c/next')).toEqual(wrong('GET, HEAD'));
  const missing = [404, null, 'nosniff', 'Page not found\n'];
  for (const path of ['', 'c/', 'c/0/', 'c/0/0', '../elsewhere', '/c/0'])
    expect(await ask('POST', path)).toEqual(missing);
});

it('absolute request targets and HTTP/1.0 are understood', async () => {
  const server = await listening();
  await (await fetch(`${server.url}c/0`, { method: 'POST', body: 'zero' })).text();
  expect(await answerTo(server, 'GET http://somewhere/c/0?x HTTP/1.1')).toContain('\r\n\r\nzero');
  expect(await answerTo(server, 'GET /c/0 HTTP/1.0')).toContain('\r\n\r\nzero');
  expect(await answerTo(server, 'POST /c/1 HTTP/1.0', 'Content-Length: 0')).toContain('Lp-Trickle-Seq: 1');
});

it('an Upgrade and a CONNECT do no harm', async () => {
  const server = await listening();
  const upgrade = await answerTo(server, 'GET /c/next HTTP/1.1', 'Upgrade: h2c', 'HTTP2-Settings: x');
  expect(upgrade).toContain('404 Not Found');
  const tunnel = await server.client();
  tunnel.head('CONNECT example.org:80 HTTP/1.1');
  await until('closed by the server', () => tunnel.ended || tunnel.closed);
  await unharmed(server);
});

it('a thousand connections that break off everywhere leave nothing behind', async () => {
  const server = await listening();
  const starts = ['', 'GET /c/0', 'GET /c/0 HTTP/1.1\r\nHost: t\r\n\r\n', 'POST /c/5 HTTP/1.1\r\nHost: t\r\n'];
  const bodies = [
    'POST /c/5 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST /c/5 HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\n',
  ];
  await (await fetch(`${server.url}c`, { method: 'POST' })).text();
  for (let round = 0; round < 50; round++) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => server.client()));
    for (const [at, client] of clients.entries()) client.send([...starts, ...bodies][at % 6] ?? '');
    await server.roundTrip();
    for (const client of clients) client.destroy();
  }
  await server.attached(0, 0);
  expect(await server.metric('readers')).toBe(0);
  expect(await server.metric('writers')).toBe(0);
  await unharmed(server);
});
