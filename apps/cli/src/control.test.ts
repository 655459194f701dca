/** `runnel control` against a relay, and a runner that is played. */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type ControlStatus, createRelay, serveRelay } from '@runnel/client';
import { channelUrl, JSONL } from '@runnel/protocol';
import { createJsonlWriter, readJsonl } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runnel } from './runnel.ts';

let server: Awaited<ReturnType<typeof serve>>;
let relay: ReturnType<typeof createRelay>;
let endpoint: Awaited<ReturnType<typeof serveRelay>>;

beforeAll(async () => {
  server = await serve({ autocreate: true });
  relay = createRelay({ url: server.url, sinks: [] });
  endpoint = await serveRelay(relay);
});

afterAll(async () => {
  await endpoint.close();
  await relay.close();
  await server.close();
});

const IN_FORCE = {
  enabled: true,
  sampling: { rate: 1, patterns: [] },
  filter: { allowed: [], blocked: [] },
  heartbeat_ms: 10_000,
  log_level: 'debug',
};

/** Opens a session whose runner answers each statement with what `answer` makes of it. */
function session(id: string, answer: (asked: Record<string, unknown>) => object | undefined) {
  const opened = relay.open(id);
  const asked: Record<string, unknown>[] = [];
  const control = readJsonl(channelUrl(server.url, `${id}-control`), { waitForChannel: true, from: 'oldest' });
  const events = createJsonlWriter(channelUrl(server.url, `${id}-events`), { mime: JSONL, create: true });
  void (async () => {
    for await (const lines of control)
      for (const { value } of lines) {
        if (value.type !== 'control') continue;
        asked.push(value);
        const said = answer(value);
        if (said) await events.write(JSON.stringify({ client: value.client, version: value.version, ...said }));
      }
  })();
  onTestFinished(async () => {
    control.close();
    await Promise.all([opened.close(), events.close()]);
  });
  return asked;
}

const applied = ({ state }: Record<string, unknown>) => ({
  type: 'control_applied',
  state: { ...IN_FORCE, ...(state as object) },
});

async function control(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runnel(['control', '--relay', endpoint.url, ...args], {
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: AbortSignal.timeout(60_000),
  });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

test('states the whole of what is asked for, and shows it beside what is in force', async () => {
  const asked = session('one', applied);
  const flags = ['--sample', '0.1', 'stream.*', 'frame?', '--block', 'debug.*', '--heartbeat', '500'];
  const { code, stdout, stderr } = await control('one', ...flags, '--log-level', 'warn', '--off', '--for', '10m');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(asked[0]?.state).toEqual({
    enabled: false,
    sampling: { rate: 0.1, patterns: ['stream.*', 'frame?'] },
    filter: { allowed: [], blocked: ['debug.*'] },
    heartbeat_ms: 500,
    log_level: 'warn',
    expires_ms: expect.any(Number),
  });
  expect(stdout).toMatch(/^session one: applied \(version 1\)\n/);
  expect(stdout).toMatch(/^sampling +0\.1 of stream\.\*, frame\? +0\.1 of stream\.\*, frame\?$/m);
  expect(stdout).toMatch(/^filter +all but debug\.\* +all but debug\.\*$/m);
  expect(stdout).toMatch(/^reverts +in (10m|9m \d+s) +in (10m|9m \d+s)$/m);
});

test('without anything asked it shows the present state, and --reset asks for the configured one', async () => {
  const asked = session('two', applied);
  expect(await control('two')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/nothing asked for; no runner/),
  });
  await control('two', '--off');
  expect((await control('two')).stdout).toMatch(/^enabled +off +off$/m);
  expect((await control('two', '--reset')).stdout).toMatch(/^enabled +- +on$/m);
  const status = JSON.parse((await control('two', '--json')).stdout) as ControlStatus;
  expect(status).toMatchObject({ answer: 'applied', asked: { version: 2, state: {} }, effective: IN_FORCE });
  expect(asked).toHaveLength(2);
});

test('a refusal is 1, with the reason', async () => {
  session('three', () => ({
    type: 'control_refused',
    reason: 'invalid',
    message: 'too\u001b[2J often',
    state: IN_FORCE,
  }));
  const { code, stdout, stderr } = await control('three', '--heartbeat', '100');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^session three: refused /);
  expect(stderr).toBe('runnel: The runner of three refused it (invalid): too\ufffd[2J often\n');
});

test('EGRESS 4.11: no answer is 4, and shown as unanswered', { timeout: 30_000 }, async () => {
  session('four', () => undefined);
  const { code, stdout, stderr } = await control('four', '--off');
  expect(code).toBe(4);
  expect(stdout).toMatch(/^session four: unanswered \(version 1\)/);
  expect(stdout).toMatch(/^enabled +off +-$/m);
  expect(stderr).toMatch(/There is no answer: no runner of four has been heard/);
});

test('EGRESS 4.10: a session that the relay has not is 3, a relay that is not there 4, with a sentence each', async () => {
  expect(await control('nobody', '--off')).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('no session nobody is open'),
  });
  const nowhere = await serve({});
  await nowhere.close();
  expect(await control('one', '--relay', nowhere.url)).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^runnel: No relay answers at http.*ECONNREFUSED.*say --relay URL\.\n$/),
  });
});

test('EGRESS 4.11: what somebody else replaced before its answer is 1', { timeout: 30_000 }, async () => {
  const asked = session('eight', (statement) => (statement.version === 2 ? applied(statement) : undefined));
  const first = control('eight', '--off');
  await expect.poll(() => asked.length, { timeout: 15_000 }).toBe(1);
  expect(await control('eight', '--on')).toMatchObject({ code: 0 });
  expect(await first).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/another state/) });
});

test.each([
  [['--sample', '0.5', '--sample', '0.1'], /no pattern/],
  [['--sample', '0.5', '0.1'], /no pattern/],
  [['--sample', '10%'], /from 0 to 1/],
  [['--sample', '-0.1'], /from 0 to 1/],
  [['--sample', 'stream.*'], /from 0 to 1/],
  [['--sample', '0.5', ''], /pattern/],
  [['--block', 'x'.repeat(200)], /pattern/],
  [['--heartbeat', '99999999999'], /whole number/],
  [['--off', '--for', '10'], /such as 90s/],
  [['--off', '--for', '-5m'], /such as 90s/],
  [['--for', '10m'], /what is to hold/],
  [['--reset', '--off'], /nothing else/],
  [['--header', 'Authorization: Bearer \u20ac'], /Name: value/],
])('what is said wrong is 2, with a sentence: %j', async (flags, complaint) => {
  const { code, stdout, stderr } = await control('nobody', ...flags);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(complaint) });
});

test('a relay that goes away in the middle of its answer is 4', async () => {
  const half = createServer((_, response) => response.write('{"answer', () => response.destroy())).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void half.close());
  await once(half, 'listening');
  const { port } = half.address() as AddressInfo;
  expect(await control('one', '--relay', `http://127.0.0.1:${port}/`)).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^runnel: No relay answers at .*say --relay URL\.\n$/),
  });
});

test('interrupted, it ends with 130 and says nothing', async () => {
  session('seven', () => undefined);
  const [stdout, stderr, interrupt] = [new PassThrough(), new PassThrough(), new AbortController()];
  const args = ['control', '--relay', endpoint.url, 'seven', '--off'];
  const ended = runnel(args, { stdin: new PassThrough(), stdout, stderr, signal: interrupt.signal });
  interrupt.abort();
  expect({ code: await ended, said: stderr.read(), printed: stdout.read() }).toEqual({
    code: 130,
    said: null,
    printed: null,
  });
});

test('EGRESS 4.10: the configuration file of relay steers its sessions, and names no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-control-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const configured = async (control: object) => {
    const path = join(folder, 'relay.json');
    await writeFile(path, JSON.stringify({ control }));
    return relayed('--session', 'five', '--config', path);
  };
  const stranger = await configured({ 'fiv*': { enabled: false }, six: { enabled: true } });
  expect({ code: await stranger.ended, said: stranger.said() }).toEqual({
    code: 2,
    said: expect.stringMatching(/control of six: no such session is relayed\n$/),
  });
  const mistaken = await configured({ five: { sampling: { rate: 'half' } } });
  expect({ code: await mistaken.ended, said: mistaken.said() }).toEqual({
    code: 2,
    said: expect.stringMatching(/control of five\.sampling\.rate: /),
  });
  const running = await configured({ 'fiv*': { enabled: false } });
  const url = await running.url();
  const { stdout } = await control('five', '--relay', url);
  expect(stdout).toMatch(/^enabled +off +-$/m);
  running.stop();
  expect(await running.ended).toBe(0);
});

/** `runnel relay` with these flags. */
function relayed(...flags: string[]) {
  const stderr = new PassThrough();
  let said = '';
  const url = Promise.withResolvers<string>();
  stderr.setEncoding('utf8').on('data', (more: string) => {
    said += more;
    const [, found] = /status at (\S+)status\n/.exec(said) ?? [];
    if (found) url.resolve(found);
  });
  const controller = new AbortController();
  const ended = runnel(['relay', server.url, '--port', '0', ...flags], {
    stdin: new PassThrough(),
    stdout: new PassThrough().resume(),
    stderr,
    signal: controller.signal,
  });
  return { ended, said: () => said, url: () => url.promise, stop: () => controller.abort() };
}
