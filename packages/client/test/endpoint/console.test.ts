import { rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { base } from '../loop.ts';
import { folder, served } from './served.ts';

const TOKEN = 'a-token-of-sixteen';
const PAGE =
  '<!doctype html><meta name="runnel-token" content=""><script type="module" src="/assets/index-Ab12.js"></script>';
const files = {
  'index.html': PAGE,
  'assets/index-Ab12.js': 'let one = 1',
  'assets/index-Cd34.css': 'body{}',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'data.json': '{}',
};

const open = (console = folder(files)) => served({}, { console, token: TOKEN });

test('the page is at /, with the token in it, and is not kept', async () => {
  const { ask } = await open();
  const answer = await ask('/');
  expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.text()).toBe(PAGE.replace('content=""', `content="${TOKEN}"`));
  expect((await ask('/index.html', { redirect: 'manual' })).headers.get('location')).toBe('/');
});

test('nothing but what the relay serves is run, and nobody but it and its server is talked to', async () => {
  const { ask } = await open();
  for (const path of ['/', '/status', '/assets/index-Ab12.js', '/none']) {
    const { headers } = await ask(path);
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self' ${new URL(base).origin}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test.each([
  ['/assets/index-Ab12.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/assets/index-Cd34.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/icon.svg', 'image/svg+xml; charset=utf-8', 'no-cache'],
  ['/data.json', 'application/json', 'no-cache'],
])('%s has its type, and is kept as long as its name says', async (path, type, kept) => {
  const { ask } = await open();
  const { status, headers } = await ask(path);
  expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, kept]);
});

test('only the files of the folder are to be had', async () => {
  const { ask, endpoint } = await open(join(folder({ ...files, '../secret.txt': 'x', 'inner/index.html': PAGE })));
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//etc/passwd',
    '/etc/passwd',
    '/%00',
    '/assets/',
    '/assets/none.js',
  ]) {
    // As it is: fetch would make it a plain path.
    const status = await new Promise((resolve, reject) => {
      request({ port: endpoint.port, host: '127.0.0.1', path }, (res) => resolve(res.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect([path, status]).toEqual([path, 404]);
  }
  expect((await ask('/', { method: 'POST' })).status).toBe(404);
});

test('a console that is not built yet says how it is, and is served as soon as it is there', async () => {
  const path = folder(files);
  rmSync(join(path, 'index.html'));
  const { ask } = await open(path);
  const waiting = await ask('/');
  expect([waiting.status, waiting.headers.get('refresh')]).toEqual([503, '2']);
  expect(await waiting.text()).toContain('npm run build -w apps/console');
  writeFileSync(join(path, 'index.html'), PAGE);
  expect((await ask('/')).status).toBe(200);
  expect((await (await open(join(path, 'not-there'))).ask('/')).status).toBe(503);
});

test('without a console / is no page', async () => {
  const { ask } = await served();
  expect((await ask('/')).status).toBe(404);
});
