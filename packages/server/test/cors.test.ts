import { once } from 'node:events';
import { request } from 'node:http';
import { Header } from '@runnel/protocol';
import { type ServeOptions, type Serving, serve } from '@runnel/server';
import { describe, expect, it, onTestFinished } from 'vitest';

const PAGE = 'http://127.0.0.1:7801';

async function started(cors?: readonly string[]) {
  const serving = await serve({ autocreate: true, ...(cors && { cors }) });
  onTestFinished(() => serving.close());
  await fetch(`${serving.url}c/0`, { method: 'POST', body: 'zero' });
  const ask = async (path: string, method = 'GET', Origin: string | null = PAGE) => {
    const headers = {
      ...(Origin !== null && { Origin }),
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'expect-content',
    };
    const answer = await fetch(serving.url + path, { method, headers });
    await answer.arrayBuffer();
    return answer;
  };
  return ask;
}

it('a page of an origin that is named reads, and sees what the protocol says in headers', async () => {
  const ask = await started(['http://console.example', PAGE]);
  for (const path of ['c/0', 'c/next', 'c/7', 'nobody/0']) {
    const { headers } = await ask(path);
    expect(headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(headers.get('access-control-expose-headers')?.split(',')).toEqual([...Object.values(Header), 'Retry-After']);
    // What is kept for one page is not for another.
    expect(headers.get('vary')).toBe('Origin');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  }
  expect((await ask('c/0')).headers.get(Header.seq)).toBe('0');
});

it('it may write, too, once it has asked', async () => {
  const { status, headers } = await (await started([PAGE]))('c/1', 'OPTIONS');
  expect([status, headers.get('access-control-allow-methods'), headers.get('access-control-allow-headers')]).toEqual([
    204,
    'GET,HEAD,POST,DELETE',
    'expect-content',
  ]);
});

it.each([
  ['of another origin', [PAGE], 'http://evil.example'],
  ['of the same host at another port', [PAGE], 'http://127.0.0.1:7802'],
  ['without an origin of its own', [PAGE], 'null'],
  ['where nobody is named', [], PAGE],
  ['where the option is not given', undefined, PAGE],
])('a page %s gets no leave', async (_, cors, origin) => {
  const ask = await started(cors);
  expect((await ask('c/0', 'GET', origin)).headers.get('access-control-allow-origin')).toBeNull();
  expect((await ask('c/1', 'OPTIONS', origin)).headers.get('access-control-allow-origin')).toBeNull();
});

it.each(['http://evil.example', 'null'])('what a page of %s sends without asking first is refused', async (Origin) => {
  const ask = await started([PAGE]);
  const written = await ask('c/1', 'POST', Origin);
  expect([written.status, (await ask('c/0')).headers.get(Header.latest)]).toEqual([403, '1']);
  expect((await ask('c', 'DELETE', Origin)).status).toBe(403);
  expect((await ask('c/0', 'GET', Origin)).status).toBe(403);
  expect((await ask('c/0')).status).toBe(200);
});

it('programs, which name no origin, are not concerned', async () => {
  const ask = await started([PAGE]);
  const written = await ask('c/1', 'POST', null);
  expect([written.status, written.headers.get('vary')]).toEqual([200, 'Origin']);
  const { status, headers } = await ask('c/1', 'GET', null);
  expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([200, null, 'Origin']);
});

describe('where nobody is named', () => {
  const asked = async (serving: Serving, method: string, headers: Record<string, string>) => {
    const answer = await fetch(`${serving.url}c/1`, { method, headers, ...(method === 'POST' && { body: 'x' }) });
    await answer.arrayBuffer();
    return answer.status;
  };
  const plain = async (options: ServeOptions = {}) => {
    const serving = await serve({ autocreate: true, ...options });
    onTestFinished(() => serving.close());
    await fetch(`${serving.url}c/0`, { method: 'POST', body: 'zero' });
    return serving;
  };

  it.each(['cross-site', 'same-site'])(
    'what a page sends that the browser calls %s is refused, and counted',
    async (site) => {
      for (const fastIngest of [false, true]) {
        const serving = await plain({ fastIngest });
        for (const method of ['POST', 'GET', 'DELETE', 'HEAD'])
          expect([
            method,
            await asked(serving, method, { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' }),
          ]).toEqual([method, 403]);
        expect(serving.trickle.get('c')?.head).toBe(1);
        expect(await serving.trickle.metrics()).toContain('refusals_total{reason="stranger"} 4');
      }
    },
  );

  it('programs, people who follow a link, and an application of their own are served', async () => {
    const serving = await plain();
    for (const headers of [{}, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }])
      expect(await asked(serving, 'HEAD', headers)).toBe(200);
    const withMiddleware = await plain({ use: [(_, next) => next()] });
    expect(await asked(withMiddleware, 'POST', { 'Sec-Fetch-Site': 'cross-site' })).toBe(200);
    expect(await followed(`${serving.url}c/0`, 'GET')).toBe(200);
    expect(await followed(`${serving.url}c/1`, 'POST')).toBe(403);

    /** The fetch of Node says a mode of its own. */
    async function followed(url: string, method: string): Promise<number | undefined> {
      const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
      const [answer] = await once(request(url, { method, headers }).end(), 'response');
      answer.resume();
      return answer.statusCode;
    }
  });
});

it('* is every page', async () => {
  expect((await (await started(['*']))('c/0', 'GET', 'null')).headers.get('access-control-allow-origin')).toBe('*');
});

it('a read that waits for its segment has the same leave once that is written', async () => {
  const serving = await serve({ autocreate: true, cors: [PAGE] });
  onTestFinished(() => serving.close());
  await fetch(`${serving.url}c/0`, { method: 'POST', body: 'zero' });
  const waiting = fetch(`${serving.url}c/1`, { headers: { Origin: PAGE } });
  await expect.poll(() => serving.trickle.get('c')?.readers).toBe(1);
  await fetch(`${serving.url}c/1`, { method: 'POST', body: 'one' });
  const { headers } = await waiting;
  expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([PAGE, 'Origin']);
});
