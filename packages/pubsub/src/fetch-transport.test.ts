import { readFileSync } from 'node:fs';
import type { TrickleError } from '@runnel/protocol';
import { describe, expect, test } from 'vitest';
import { scripted } from '../test/scripted-server.ts';
import { fetchTransport, type Transport } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: TrickleError) => error.code,
  );

describe('in process', () => {
  test('a body reaches the other side chunk by chunk', async () => {
    const got: string[] = [];
    const transport = fetchTransport(async (request) => {
      for await (const chunk of request.body ?? []) got.push(new TextDecoder().decode(chunk));
      return new Response(null, { status: 200, headers: { 'X-Name': request.headers.get('X-Name') ?? '' } });
    });
    const upload = transport.post('http://in.process/c/0', { headers: { 'X-Name': 'a' } });
    upload.write(bytes('one'));
    await upload.connected;
    upload.write(bytes('two'));
    upload.end();
    const answer = await upload.answer;
    expect([answer.status, answer.header('x-name'), got]).toEqual([200, 'a', ['one', 'two']]);
  });

  test('a request that is ended at once has no body', async () => {
    let body: unknown = 'unknown';
    const transport = fetchTransport((request) => {
      body = request.body;
      return new Response();
    });
    const upload = transport.post('http://in.process/c', { method: 'DELETE' });
    upload.end();
    await upload.answer;
    expect(body).toBe(null);
  });

  test('who writes faster than the other side reads is told to wait, and woken when it has read', async () => {
    const reads = Promise.withResolvers<void>();
    const transport = fetchTransport(async (request) => {
      await reads.promise;
      for await (const _chunk of request.body ?? []);
      return new Response();
    });
    const upload = transport.post('http://in.process/c/0', {});
    await upload.connected;
    let written = 0;
    while (upload.write(new Uint8Array(16_384))) written++;
    expect(written).toBeLessThan(10);
    const drained = upload.drained();
    reads.resolve();
    await drained;
    upload.end();
    expect((await upload.answer).status).toBe(200);
  });

  test('an early answer ends the upload: what is written then goes nowhere, and nobody waits', async () => {
    const transport = fetchTransport(() => new Response(null, { status: 404 }));
    const upload = transport.post('http://in.process/c/0', {});
    expect((await upload.answer).status).toBe(404);
    expect(upload.write(new Uint8Array(1_000_000))).toBe(true);
    await upload.drained();
    upload.end();
  });

  test('an abort reaches the other side, and the one who waits', async () => {
    const seen = Promise.withResolvers<unknown>();
    const transport = fetchTransport(
      (request) =>
        new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(seen.resolve('aborted')))),
    );
    const upload = transport.post('http://in.process/c/0', {});
    await upload.connected;
    while (upload.write(new Uint8Array(65_536)));
    const drained = upload.drained();
    upload.abort();
    await drained;
    expect(await seen.promise).toBe('aborted');
    expect(await codeOf(upload.answer)).toBe('aborted');
  });

  test('cancelling a body that is being read ends the read', async () => {
    let cancelled = false;
    const transport = fetchTransport(() => {
      const cancel = () => {
        cancelled = true;
      };
      return new Response(new ReadableStream({ cancel }));
    });
    const answer = await transport.get('http://in.process/c/0', {});
    const reading = (async () => {
      for await (const _chunk of answer.body);
    })();
    await Promise.resolve();
    answer.cancel();
    expect(await codeOf(reading)).toBe('aborted');
    expect(cancelled).toBe(true);
  });
});

describe('over the network', () => {
  async function bodyOf(transport: Transport, url: string): Promise<string> {
    const { body } = await transport.get(url, {});
    let text = '';
    for await (const chunk of body) text += new TextDecoder().decode(chunk);
    return text;
  }

  test('it reads and writes', async () => {
    const server = await scripted(async (exchange) => exchange.answer(200, {}, `got ${await exchange.body()}`));
    const transport = fetchTransport();
    expect(await bodyOf(transport, `${server.url}/0`)).toBe('got ');
    const upload = transport.post(`${server.url}/0`, {});
    upload.write(bytes('hello'));
    upload.end();
    expect((await upload.answer).status).toBe(200);
    expect((await server.seen('POST 0')).received()).toBe('hello');
  });

  test('a body that is cut, and a server that is down, are unreachable', async () => {
    const server = await scripted((exchange) => {
      exchange.res.writeHead(200).write('half', () => exchange.cut());
    });
    const transport = fetchTransport();
    expect(await codeOf(bodyOf(transport, `${server.url}/0`))).toBe('unreachable');
    await server.kill();
    expect(await codeOf(transport.get(`${server.url}/0`, {}))).toBe('unreachable');
    expect(await codeOf(transport.post(`${server.url}/0`, {}).answer)).toBe('unreachable');
  });
});

test('the browser entry imports nothing of Node', () => {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const [, from = ''] of source.matchAll(/from '([^']+)'/g)) {
      expect(from, `in ${file}`).not.toMatch(/^node:/);
      if (from === '#default-transport') visit('./fetch-transport.ts');
      else if (from.startsWith('.')) visit(from);
    }
    expect(source, file).not.toMatch(/\b(Buffer|process)\.\w/);
  };
  visit('./browser.ts');
  expect(seen).toContain('./subscriber.ts');
});
