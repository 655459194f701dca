import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelUrl } from '@runnel/protocol';
import { createJsonlWriter } from '@runnel/pubsub';
import { type Serving, serve } from '@runnel/server';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from './app.ts';

async function startServer(port = 0): Promise<Serving> {
  const serving = await serve({ port, autocreate: true });
  onTestFinished(() => serving.close());
  return serving;
}

const line = (seq: number, type = 'stream_heartbeat') =>
  `{"type":"telemetry","epoch":"0a1b2c3d","seq":${seq},"event":{"id":"id${seq}","type":"stream_trace","timestamp":"1","data":{"type":"${type}","n":1.0}}}`;

test('EGRESS 1.17: it prints a line for each event, appends the bytes to the file, and shows both at its endpoint', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-client-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'events.ndjson');
  const server = await startServer();
  const events = createJsonlWriter(channelUrl(server.url, 'demo-events'), { create: true });
  onTestFinished(() => void events.close());
  const app = startApp(['--url', server.url, '--port', '0', '--file', file]);
  await events.writeMany([line(1, 'stream_started'), line(2)]);
  await app.says(/TELEMETRY type=stream_started id=id1 session=demo connection=- relayed_via=trickle data=\{"n":1\}\n/);
  await app.says(/TELEMETRY type=stream_heartbeat id=id2/);
  const [, url] = await app.says(/listening on (\S+)\n/);
  const tail = await (await fetch(`${url}logs/tail?lines=2`)).text();
  expect(tail.split('\n').slice(0, 2)).toEqual([
    'TELEMETRY type=stream_started id=id1 session=demo connection=- relayed_via=trickle data={"n":1}',
    'TELEMETRY type=stream_heartbeat id=id2 session=demo connection=- relayed_via=trickle data={"n":1}',
  ]);
  app.child.kill('SIGTERM');
  expect(await app.exited).toEqual([0, null]);
  expect(app.output).toContain('delivered 4, kept 0, dropped 0\nstopped\n');
  const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(written).toEqual([line(1, 'stream_started'), line(2)].map((text) => text.slice(text.indexOf('{"id"'), -1)));
});

test('it waits for a server that is not there yet, says so, and relays once it is', async () => {
  const first = await startServer();
  const { port, url } = first;
  await first.close();
  const app = startApp([], { RUNNEL_URL: url, RUNNEL_SESSION: 'late', PORT: '0' });
  await app.says(/session late: waiting for the server at /);
  const server = await startServer(port);
  await app.says(/session late: connected to .*, waiting for the runner/);
  const events = createJsonlWriter(channelUrl(server.url, 'late-events'), { create: true });
  onTestFinished(() => void events.close());
  await events.write(line(1));
  await app.says(/session late: receiving/);
  await app.says(/TELEMETRY .*id=id1 session=late/);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it with 0 although the server is away, also when it comes twice',
  async (signal) => {
    const server = await startServer();
    const app = startApp(['--url', server.url, '--port', '0', '--session', 'a', 'b']);
    await app.says(/session b: connected/);
    await server.close();
    app.child.kill(signal);
    app.child.kill(signal);
    // The second one may find it past its last line, when nothing listens for signals any more.
    expect([
      [0, null],
      [null, signal],
    ]).toContainEqual(await app.exited);
    expect(app.output).toMatch(/delivered 0, kept 0, dropped 0\nstopped\n$/);
    expect(app.output).not.toContain('    at ');
  },
);

test('it serves the console, or says that it is being built, and says where', async () => {
  const app = startApp(['--url', 'http://127.0.0.1:1/', '--port', '0']);
  const [, url = ''] = await app.says(/console on (\S+)\n/);
  const page = await fetch(url);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(await page.text()).toMatch(page.status === 200 ? /name="runnel-token" content="\w{32}"/ : /npm run build/);
  expect(app.output).not.toContain('token');
});

test('on another host it asks for the token: its own, or RUNNEL_TOKEN', async () => {
  const args = ['--url', 'http://127.0.0.1:1/', '--port', '0', '--host', '0.0.0.0'];
  const app = startApp(args, { RUNNEL_TOKEN: 'a-token-of-sixteen' });
  const [, port] = await app.says(/listening on \S+:(\d+)\/\n[\s\S]*it asks for this token: a-token-of-sixteen\n/);
  expect((await fetch(`http://127.0.0.1:${port}/status`)).status).toBe(401);
  const weak = startApp(args, { RUNNEL_TOKEN: 'weak' });
  expect(await weak.exited).toEqual([2, null]);
  expect(weak.output).toMatch(/at least 16/);
});

test('a port in use is an error that names the way out, and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const app = startApp(['--port', String(port)]);
  expect(await app.exited).toEqual([1, null]);
  expect(app.output).toBe(
    `Port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port or PORT.\n`,
  );
});

test.each([
  [['--url', 'nonsense'], /must be an http or https URL/],
  [['--port', '70000'], /must be a port/],
  [['--sesion', 'x'], /unknown option/],
  [['--session', 'a\tb', '--port', '0'], /no session id/],
])('%j is a mistake that is explained, and exit code 2', async (args, sentence) => {
  const app = startApp(args);
  expect(await app.exited).toEqual([2, null]);
  expect(app.output).toMatch(sentence);
  expect(app.output).not.toContain('    at ');
});

test('--help says what can be set, and where else', async () => {
  const app = startApp(['--help']);
  expect(await app.exited).toEqual([0, null]);
  expect(app.output).toMatch(/--session <id\.\.\.>[\s\S]*RUNNEL_SESSION/);
});

test('the README names each option and each variable that --help does', async () => {
  const app = startApp(['--help']);
  await app.exited;
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const names = app.output.match(/--[a-z]+(?= <)|(?<=env:\s+)\w+/g) ?? [];
  expect(names).toHaveLength(12);
  for (const name of names) expect(readme).toContain(`\`${name}\``);
});
