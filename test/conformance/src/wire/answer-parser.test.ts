import { describe, expect, test } from 'vitest';
import { AnswerParser } from './answer-parser.ts';
import { Exchange } from './exchange.ts';

class Recorder extends Exchange {
  override readonly framed = true;
  override send(): void {}
  override end(): void {}
  override abort(): void {}
  override pause(): void {}
}

/** Feeds the text in pieces of every size and returns what was read; it must not depend on the size. */
async function read(text: string, method = 'GET') {
  const results = [];
  for (const size of [1, 2, 7, text.length]) {
    const exchange = new Recorder('a test');
    const parser = new AnswerParser(exchange, method);
    let left: Buffer | undefined;
    for (let at = 0; at < text.length; at += size) {
      const piece = Buffer.from(text.slice(at, at + size), 'latin1');
      left = left === undefined ? parser.push(piece) : Buffer.concat([left, piece]);
    }
    parser.finish();
    const { status, fields, body, trailers } = await exchange.answer(0);
    const all = { status, fields: [...fields], body: body.toString(), trailers: [...trailers], left: left?.toString() };
    results.push({ ...all, provisional: exchange.provisional });
  }
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0];
}

describe('AnswerParser', () => {
  test('reads a body of a known length and leaves what follows', async () => {
    const answer = await read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\r\nx: b\r\n\r\nhelloHTTP/1.1');
    expect(answer).toMatchObject({ status: 200, body: 'hello', left: 'HTTP/1.1' });
    expect(answer?.fields).toContainEqual(['x', 'a, b']);
  });

  test('reads chunks with extensions, and trailers', async () => {
    const chunks = '5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nLp-Trickle-Aborted: 1\r\n\r\n';
    const answer = await read(`HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    expect(answer).toMatchObject({ body: 'hello0123456789', trailers: [['lp-trickle-aborted', '1']], left: '' });
  });

  test('reads chunks without trailers', async () => {
    const answer = await read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n0\r\n\r\nmore');
    expect(answer).toMatchObject({ body: '\r\n', trailers: [], left: 'more' });
  });

  test('counts provisional answers before the final one', async () => {
    const answer = await read(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 470 \r\nContent-Length: 0\r\n\r\n',
    );
    expect(answer).toMatchObject({ status: 470, provisional: [100, 103] });
  });

  test('reads no body after HEAD, whatever its length says', async () => {
    expect(await read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD')).toMatchObject({ body: '', left: '' });
  });

  test('reads to the end of the connection where no length is given', async () => {
    expect(await read('HTTP/1.1 200 OK\r\n\r\nall of this')).toMatchObject({ body: 'all of this' });
  });

  test.each([
    ['no status line', 'HTP/1.1 200 OK\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n'],
    ['a line longer than 64 KiB', 'x'.repeat(70_000)],
  ])('complains of %s', (complaint, text) => {
    expect(() => new AnswerParser(new Recorder('a test'), 'GET').push(Buffer.from(text))).toThrow(complaint);
  });
});
