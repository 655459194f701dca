/** What careless hands do to the apps is answered with a sentence. The command's mistakes are in cli.test.ts. */
import { afterEach, expect, test } from 'vitest';
import { killAll, startApp } from './processes.ts';

afterEach(killAll);

test('a second server on the same port says what to do, and the first goes on', async () => {
  const first = startApp('server', { RUNNEL_URL: 'http://127.0.0.1:0/' });
  const [, url = ''] = await first.said(/listening on (\S+)/);
  const second = startApp('server', { RUNNEL_URL: url });

  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.output).toMatch(/^Port \d+ on 127\.0\.0\.1 is in use: .*RUNNEL_URL.*\n$/);
  expect((await fetch(new URL('/healthz', url))).status).toBe(200);
});

test('a second client on the same port says what to do', async () => {
  const first = startApp('client', { RUNNEL_URL: 'http://127.0.0.1:9/', PORT: '0' });
  const [, url = ''] = await first.said(/(http:\/\/127\.0\.0\.1:(?!9\/)\d+)/);
  const second = startApp('client', { RUNNEL_URL: 'http://127.0.0.1:9/', PORT: new URL(url).port });

  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.output).toMatch(/in use.*PORT/);
  expect(second.output).not.toMatch(/^ +at /m);
});

test.each([
  ['server', 'nonsense'],
  ['server', 'https://127.0.0.1:7800/'],
  ['runner', 'nonsense'],
  ['client', 'ftp://127.0.0.1/'],
] as const)('the %s refuses RUNNEL_URL=%s in one sentence', async (name, url) => {
  const app = startApp(name, { RUNNEL_URL: url, PORT: '0' });
  expect([1, 2], app.output).toContain((await app.ended).code);
  expect(app.output).toContain('RUNNEL_URL');
  expect(app.output).not.toMatch(/^ +at /m);
});

test.each(['runner', 'client'] as const)(
  'the %s says that its server is not there, and finds it when it comes',
  async (name) => {
    const probe = startApp('server', { RUNNEL_URL: 'http://127.0.0.1:0/' });
    const [, url = ''] = await probe.said(/listening on (\S+)/);
    probe.kill('SIGTERM');
    await probe.ended;

    const env = { RUNNEL_URL: url, PORT: '0' };
    const app = startApp(name, env);
    await app.said(/unreachable|not reach|ECONNREFUSED|waiting/i);
    startApp('server', env);
    const other = startApp(name === 'runner' ? 'client' : 'runner', env);
    const client = name === 'client' ? app : other;
    await client.said(/TELEMETRY type=stream_/);
  },
);
