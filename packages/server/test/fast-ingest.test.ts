/** Fast ingest changes nothing that a client can see: whatever is sent, a server with it and one without say the same. */
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Blocks } from '../src/blocks.ts';
import { tapConnections } from '../src/fast-ingest.ts';
import { type Listening, listening } from './listening.ts';
import { until } from './until.ts';

const CHUNKED = 'Transfer-Encoding: chunked';
const BYE = request('GET /healthz', 'Connection: close');

function request(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n');
}
const post = (seq: number, ...headers: string[]) => request(`POST /NAME/${seq}`, CHUNKED, ...headers);

/** Each is followed by a request that ends the connection, if it is still there. */
const conversations: Record<string, string> = {
  'two chunks': `${post(0)}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
  'segments one after another': `${post(0)}3\r\nabc\r\n0\r\n\r\n${post(1)}3\r\ndef\r\n3\r\nghi\r\n0\r\n\r\n${post(2)}0\r\n\r\n`,
  'a body with a length before and after': `${request('POST /NAME/0', 'Content-Length: 9')}5\r\n\r\n\r\n\r\n${post(1)}1\r\na\r\n0\r\n\r\n${request('POST /NAME/2', 'Content-Length: 4')}0\r\n\r`,
  'chunk extensions': `${post(0)}5;a=b\r\nhello\r\n6\r\n world\r\n1 ;c\r\n!\r\n0;last\r\n\r\n${post(1)}1\r\nx\r\n0\r\n\r\n`,
  trailers: `${post(0)}5\r\nhello\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n${post(1)}1\r\nx\r\n0\r\n\r\n`,
  'trailers that are none': `${post(0)}5\r\nhello\r\n0\r\nno colon\r\n\r\n`,
  'sizes in all spellings': `${post(0)}00000005\r\nhello\r\n000000000006\r\n world\r\nA\r\n0123456789\r\na\r\n9876543210\r\n000\r\n\r\n`,
  'a size that is none': `${post(0)}2\r\nok\r\nzz\r\nhello\r\n0\r\n\r\n`,
  'a negative size': `${post(0)}2\r\nok\r\n-1\r\nhello\r\n0\r\n\r\n`,
  'no size': `${post(0)}2\r\nok\r\n\r\nhello\r\n0\r\n\r\n`,
  'a space before the size': `${post(0)}2\r\nok\r\n 5\r\nhello\r\n0\r\n\r\n`,
  'a size no number holds': `${post(0)}2\r\nok\r\nfffffffffffffffffff\r\nhello\r\n0\r\n\r\n`,
  'a size line without CR': `${post(0)}2\r\nok\r\n5\nhello\r\n0\r\n\r\n`,
  'a chunk that is too long': `${post(0)}2\r\nok\r\n5\r\nhello5\r\nworld\r\n0\r\n\r\n`,
  'a chunk that ends in a digit': `${post(0)}2\r\nok\r\n5\r\nhello0\r\n\r\n0\r\n\r\n`,
  'a chunk that ends in LF': `${post(0)}2\r\nok\r\n5\r\nhello\n0\r\n\r\n`,
  'a chunk that ends in CR and something': `${post(0)}2\r\nok\r\n5\r\nhello\r0\r\n\r\n0\r\n\r\n`,
  'a request inside a chunk': `${post(0)}4e\r\n0\r\n\r\nPOST /NAME/7 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\n0\r\n\r\n`,
  'a chunk inside a chunk': `${post(0)}10\r\nab\r\n\r\n5\r\nhello\r\n\r\n0\r\n\r\n`,
  'chunked and a length': `${request('POST /NAME/0', CHUNKED, 'Content-Length: 5')}5\r\nhello\r\n0\r\n\r\n`,
  'chunked twice': `${request('POST /NAME/0', CHUNKED, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`,
  'chunked and something else': `${request('POST /NAME/0', 'Transfer-Encoding: gzip, chunked')}5\r\nhello\r\n0\r\n\r\n`,
  'chunked in capitals': `${request('POST /NAME/0', 'transfer-encoding: CHUNKED')}5\r\nhello\r\n0\r\n\r\n`,
  'a chunked GET and a chunked PUT': `${request('GET /NAME/7', CHUNKED)}5\r\nhello\r\n0\r\n\r\n${request('PUT /NAME/0', CHUNKED)}5\r\nhello\r\n0\r\n\r\n`,
  'a head that ends in bare LF': `POST /NAME/0 HTTP/1.1\r\nHost: test\r\n${CHUNKED}\n\n5\r\nhello\r\n0\r\n\r\n`,
  'expectations of a client': `${post(0, 'Expect: 100-continue')}5\r\nhello\r\n0\r\n\r\n`,
  'a line over the cap': `${post(0)}5\r\n${'{"a":'}\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`,
  'a segment that is closed': `${post(0)}1\r\na\r\n0\r\n\r\n${post(0)}5\r\nhello\r\n0\r\n\r\n`,
  'a publisher that says it will close': `${post(0, 'Connection: close')}5\r\nhello\r\n0\r\n\r\n`,
};

/** What a server says and keeps, but for the head, which pipelined requests race for, when `text` comes in pieces that end at `splits`. */
async function hear(server: Listening, name: string, text: string, splits: readonly number[]): Promise<unknown> {
  server.trickle.create(name, 'application/jsonl');
  const client = await server.client();
  client.socket.setNoDelay(true);
  const bytes = (text + BYE).replaceAll('NAME', name);
  let from = 0;
  for (const to of [...splits, bytes.length]) {
    client.send(bytes.slice(from, to));
    // Accepted in one turn, read in the next, and only then does more come.
    for (let turns = 0; turns < 3; turns++) await turn();
    from = to;
  }
  await until('the end', () => client.ended || client.closed);
  const said = client.text.replace(/^(Date|Lp-Trickle-Epoch|Lp-Trickle-Latest): .*\r\n/gm, '');
  const kept: string[] = [];
  for (let seq = 0; seq < (server.trickle.get(name)?.head ?? 0); seq++) {
    const head = await fetch(`${server.url}${name}/${seq}`, { method: 'HEAD' });
    const finished = head.headers.has('Lp-Trickle-Size');
    kept.push(finished ? await (await fetch(`${server.url}${name}/${seq}`)).text() : 'unfinished');
  }
  return { said, kept, bytes: server.trickle.get(name)?.bytes };
}

it.each(Object.entries(conversations))(
  '%s: nobody can tell whether fast ingest is on, wherever the bytes are split',
  async (_, text) => {
    const options = { eventBytes: 64 };
    const [fast, ordinary] = [await listening({ ...options, fastIngest: true }), await listening(options)];
    const bytes = (text + BYE).replaceAll('NAME', 'c00');
    const every = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);
    const withinEnds = (at: number) => bytes.slice(at - 3, at + 3).includes('\r\n\r\n');
    const ways = [[], every, ...every.filter((at) => at % 11 === 0 || withinEnds(at)).map((at) => [at])];
    const name = (way: number) => `c${String(way).padStart(2, '0')}`;
    const results = await Promise.all(
      ways.map(async (splits, way) => [
        await hear(fast, name(way), text, splits),
        await hear(ordinary, name(way), text, splits),
      ]),
    );
    for (const [ours, theirs] of results) expect(ours).toEqual(theirs);
  },
);

it.each([
  ['ends', '\r\n0\r\n\r\n'],
  ['is followed by another and a request', `\r\n5\r\nhello\r\n0\r\n\r\n${post(1)}1\r\na\r\n0\r\n\r\n`],
  ['ends in something else than CRLF', 'xy5\r\nhello\r\n0\r\n\r\n'],
  ['ends in CR and something', '\rx5\r\nhello\r\n0\r\n\r\n'],
  ['is followed by a size that is none', '\r\nzz\r\nhello\r\n0\r\n\r\n'],
])('a body of many reads whose last large chunk %s: nobody can tell', async (_, rest) => {
  const options = { channels: [{ name: 'c', mime: 'text/plain' }] };
  const [fast, ordinary] = [await listening({ ...options, fastIngest: true }), await listening(options)];
  const chunk = (letter: string, bytes: number) => `${bytes.toString(16)}\r\n${letter.repeat(bytes)}`;
  for (const bytes of [49_152, 65_526, 100_000]) {
    const text = `${post(0)}${chunk('a', 1 << 20)}\r\n${chunk('b', bytes)}${rest}`;
    expect(await hear(fast, 'c', text, [])).toEqual(await hear(ordinary, 'c', text, []));
    for (const server of [fast, ordinary]) await server.trickle.delete('c');
  }
});

it('a plain chunked body is decoded past the parser, others are not', async () => {
  const server = await listening({ fastIngest: true, channels: [{ name: 'NAME', mime: 'text/plain' }] });
  const client = await server.client();
  const taken = () => server.metric('fast_bodies_total');
  client.send(`${post(0)}5\r\nhello\r\n0\r\n\r\n`);
  await client.until('Lp-Trickle-Seq: 0');
  expect(await taken()).toBe(1);
  client.send(`${request('POST /NAME/1', 'Content-Length: 5')}hello`);
  await client.until('Lp-Trickle-Seq: 1');
  expect(await taken()).toBe(1);
  client.send(`${post(2)}5\r\nhello\r\n0\r\n\r\n`);
  await client.until('Lp-Trickle-Seq: 2');
  expect(await taken()).toBe(2);
});

it('where a connection is not as Node makes it today, it is left alone', () => {
  const feeds = [() => {}, () => {}];
  const server = new EventEmitter();
  tapConnections(server as Server, new Blocks(() => 0));
  for (const count of [0, 2]) {
    const socket = new EventEmitter();
    for (const feed of feeds.slice(0, count)) socket.on('data', feed);
    server.emit('connection', socket);
    expect(socket.listeners('data')).toEqual(feeds.slice(0, count));
  }
});

it('PROTOCOL 4.2: a writer that dies within a chunk leaves its bytes, and no clean end', async () => {
  const server = await listening({ fastIngest: true, channels: [{ name: 'NAME', mime: 'text/plain' }] });
  const client = await server.client();
  client.send(`${post(0)}5\r\nhello\r\nff\r\n world`);
  await until('the bytes', () => server.trickle.get('NAME')?.bytes === 11);
  client.destroy();
  await server.attached(0, 0);
  server.clock.advance(5_000);
  const answer = await fetch(`${server.url}NAME/0`);
  expect([await answer.text(), answer.headers.get('Lp-Trickle-Aborted')]).toEqual(['hello world', '1']);
});
