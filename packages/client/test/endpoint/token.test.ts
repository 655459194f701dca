import { request } from 'node:http';
import { TrickleError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { createEndpoint, explicitConsent, serveRelay } from '../../src/index.ts';
import { startLoop } from '../loop.ts';
import { folder, fromPage, served } from './served.ts';

const TOKEN = 'a-token-of-sixteen';
const replayAll = (headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  body: '{"all":true}',
  headers,
});
/** Every request that changes something. */
const CHANGES = [
  ['POST', '/sinks/collect/replay', '{"all":true}', 202],
  ['PUT', '/sessions/demo/control?wait=0', '{"enabled":false}', 200],
  ['PUT', '/consent/ann', undefined, 204],
  ['DELETE', '/consent/ann', undefined, 204],
] as const;

describe('on this machine', () => {
  const open = async () => {
    const it = await served({ consent: explicitConsent() }, { token: TOKEN });
    it.relay.open('demo');
    return it;
  };

  test.each(CHANGES)('%s %s is refused to a page without the token, whatever it names', async (method, path, body) => {
    const { url, ask } = await open();
    const init = (headers: Readonly<Record<string, string>>) => ({ method, headers, ...(body && { body }) });
    const pages = [
      fromPage(url),
      fromPage('http://evil.example/', { 'Sec-Fetch-Site': 'cross-site' }),
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'none' },
      fromPage(url, { 'X-Runnel-Token': '' }),
      fromPage(url, { 'X-Runnel-Token': `${TOKEN}x` }),
      fromPage(url, { Cookie: `runnel-${new URL(url).port}=${TOKEN}` }),
    ];
    for (const headers of pages) expect((await ask(path, init(headers))).status).toBe(403);
  });

  test.each(CHANGES)(
    '%s %s is answered to a page with it, and to a program without',
    async (method, path, body, status) => {
      const { url, ask } = await open();
      const init = (headers: Readonly<Record<string, string>>) => ({ method, headers, ...(body && { body }) });
      expect((await ask(path, init(fromPage(url, { 'X-Runnel-Token': TOKEN })))).status).toBe(status);
      expect((await ask(path, init({}))).status).toBe(status);
    },
  );

  test('looking needs no token, and there is nothing to log in to', async () => {
    const { url, ask } = await open();
    for (const path of ['/status', '/metrics', '/logs/tail', '/healthz', '/consent', '/sinks/collect/dead'])
      expect((await ask(path, { headers: fromPage(url) })).status).toBe(200);
    expect((await ask('/login')).status).toBe(404);
  });

  test('the page of another gets nothing, but may lead here', async () => {
    const { url } = await open();
    const from = (site: string, mode: string) => ({ headers: { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode } });
    for (const site of ['cross-site', 'same-site']) {
      for (const path of ['/status', '/feed', '/logs/tail']) {
        for (const mode of ['no-cors', 'cors']) expect((await raw(path, from(site, mode))).status).toBe(403);
      }
      expect((await raw('/status', from(site, 'navigate'))).status).toBe(200);
    }
    for (const site of ['same-origin', 'none']) expect((await raw('/status', from(site, 'cors'))).status).toBe(200);

    /** The fetch of Node says a mode of its own. */
    function raw(path: string, { headers }: { headers: Readonly<Record<string, string>> }) {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined }>();
      const asked = request(new URL(path, url), { headers }, (answer) => {
        resolve({ status: answer.statusCode });
        answer.destroy();
      });
      asked.on('error', reject).end();
      return promise;
    }
  });

  test('each start has a token of its own', async () => {
    const [{ endpoint: one }, { endpoint: two }] = [await served(), await served()];
    expect(one.token).toMatch(/^[0-9a-f]{32}$/);
    expect(two.token).not.toBe(one.token);
  });

  test.each(['short', 'with a space in it, long', '"><script>alert(1)</script>', ''])(
    'the token %j is refused',
    async (token) => {
      await expect(serveRelay(startLoop().relay, { token })).rejects.toMatchObject({ code: 'invalid' });
    },
  );
});

describe('on another host', () => {
  const open = () =>
    served(
      {},
      { host: '0.0.0.0', token: TOKEN, console: folder({ 'index.html': '<h1>page</h1>', 'assets/a.js': '1' }) },
    );

  test('nothing is to be had without the token', async () => {
    const { ask } = await open();
    const paths = ['/', '/status', '/metrics', '/logs/tail', '/healthz', '/feed', '/channels', '/assets/a.js', '/none'];
    for (const path of [...paths, '/sinks/collect/dead', '/sessions/demo/control']) {
      const answer = await ask(path);
      expect([path, answer.status, answer.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
      expect(await answer.text()).toMatch(/^The token is needed/);
    }
    expect((await ask('/sinks/collect/replay', replayAll())).status).toBe(401);
  });

  test('a program shows it as bearer, and may change things with it', async () => {
    const { ask } = await open();
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect((await ask('/status', { headers })).status).toBe(200);
    expect((await ask('/sinks/collect/replay', replayAll(headers))).status).toBe(202);
    for (const Authorization of [`Bearer ${TOKEN}x`, `Bearer x${TOKEN}`, 'Bearer ', `Basic ${TOKEN}`, TOKEN])
      expect((await ask('/status', { headers: { Authorization } })).status).toBe(401);
  });

  test('a person is asked for it, and has it kept by the browser', async () => {
    const { url, ask } = await open();
    const asked = await ask('/', { headers: { Accept: 'text/html' } });
    expect([asked.status, await asked.text()]).toEqual([401, expect.stringContaining('<form method="post"')]);

    const login = (token: string) =>
      ask('/login', {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
        headers: fromPage(url),
      });
    const wrong = await login('wrong');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    expect(await wrong.text()).toContain('not the token');

    const right = await login(` ${TOKEN} `);
    expect([right.status, right.headers.get('location')]).toEqual([303, '/']);
    const cookie = right.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    const Cookie = cookie.split(';', 1)[0] ?? '';
    const page = await ask('/', { headers: { Cookie } });
    expect([page.status, await page.text()]).toEqual([200, '<h1>page</h1>']);
    // The cookie alone, which a browser sends along with what any page asks for, changes nothing.
    expect((await ask('/sinks/collect/replay', replayAll(fromPage(url, { Cookie })))).status).toBe(403);
    const shown = fromPage(url, { Cookie, 'X-Runnel-Token': TOKEN });
    expect((await ask('/sinks/collect/replay', replayAll(shown))).status).toBe(202);
  });

  test('a form that says nothing, too much, or many things is answered and not obeyed', async () => {
    const { ask } = await open();
    const form = (text: string) => ({
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    for (const text of ['', 'token=', `tokens=${TOKEN}`, `token[]=${TOKEN}`])
      expect((await ask('/login', form(text))).status).toBe(401);
    expect((await ask('/login', form(`token=${'x'.repeat(300_000)}`))).status).toBe(413);
  });
});

test('an address that showed ten different wrong tokens is not listened to until the minute is over, whatever way it shows them', async () => {
  const clock = new ManualClock();
  const endpoint = createEndpoint(startLoop({ clock }).relay, { token: TOKEN, open: true });
  const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } });
  const ask = (path: string, init: RequestInit = {}, address = '192.0.2.1') =>
    endpoint.request(path, init, from(address));
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
  const login = (token: string) => ({ method: 'POST', body: new URLSearchParams({ token }) });
  for (let n = 0; n < 4; n++) expect((await ask('/status', bearer(`wrong ${n}`.replace(' ', '-')))).status).toBe(401);
  for (let n = 0; n < 4; n++) expect((await ask('/login', login(`wrong ${n}`))).status).toBe(401);
  const stale = { headers: { Cookie: 'runnel-80=of-an-earlier-start' } };
  expect((await ask('/status', stale)).headers.get('set-cookie')).toMatch(/^runnel-80=; Max-Age=0; Path=\//);
  clock.advance(30_000);
  for (let n = 0; n < 20; n++) expect((await ask('/status', stale)).status).toBe(401);
  const both = { headers: { ...stale.headers, ...bearer('wrong-9').headers } };
  expect((await ask('/status', both)).status).toBe(401);
  for (const [path, init] of [
    ['/status', bearer(TOKEN)],
    ['/login', login(TOKEN)],
    ['/status', { headers: { Cookie: `runnel-80=${TOKEN}` } }],
  ] as const) {
    const answer = await ask(path, init);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30']);
  }
  expect((await ask('/status', bearer(TOKEN), '192.0.2.2')).status).toBe(200);
  // Who shows none is asked for it.
  expect((await ask('/status')).status).toBe(401);
  clock.advance(30_000);
  expect((await ask('/login', login(TOKEN))).status).toBe(303);
  expect((await ask('/status', bearer(TOKEN))).status).toBe(200);
});

test('of wrong tokens that come all at once no more than ten are listened to', async () => {
  const endpoint = createEndpoint(startLoop({ clock: new ManualClock() }).relay, { token: TOKEN, open: true });
  const tokens = [...Array.from({ length: 19 }, (_, n) => `wrong ${n}`), TOKEN];
  const login = (token: string) => endpoint.request('/login', { method: 'POST', body: new URLSearchParams({ token }) });
  const statuses = (await Promise.all(tokens.map(login))).map(({ status }) => status);
  expect([statuses.filter((status) => status === 401).length, statuses.at(-1)]).toEqual([10, 429]);
});

test('a page that re-binds its own name to this machine is refused everything', async () => {
  const { endpoint, url } = await served();
  for (const path of ['status', 'feed', '', 'channels']) {
    const status = await new Promise((resolve, reject) => {
      request(`${url}${path}`, { headers: { Host: `evil.example:${endpoint.port}` } }, (res) =>
        resolve(res.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect([path, status]).toEqual([path, 403]);
  }
});

test('an endpoint that an application mounts is as careful', async () => {
  const { relay } = startLoop();
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1'])
    expect((await createEndpoint(relay).request(`http://${host}/status`)).status).toBe(403);
  for (const host of ['localhost:7801', '127.0.0.2', '[::1]:7801'])
    expect((await createEndpoint(relay).request(`http://${host}/status`)).status).toBe(200);
  expect((await createEndpoint(relay, { open: true }).request('http://console.example/status')).status).toBe(401);
  expect(() => createEndpoint(relay, { token: '"><script>alert(1)</script>' })).toThrow(TrickleError);
});

test('what fails inside says nothing of it', async () => {
  const { relay } = startLoop();
  Object.assign(relay, { metrics: () => Promise.reject(new Error('/secret/path')) });
  const answer = await createEndpoint(relay).request('/metrics');
  expect([answer.status, await answer.text()]).toEqual([500, 'That could not be done\n']);
});
