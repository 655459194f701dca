/** The Python runner against our server and our client. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import tls from 'node:tls';
import { createRelay, type Session } from '@runnel/client';
import { channelUrl, type Envelope, JSONL, type Sink, sessionChannels } from '@runnel/protocol';
import { createJsonlWriter, createPublisher } from '@runnel/pubsub';
import { createRunner } from '@runnel/runner';
import { serve, type TrickleOptions } from '@runnel/server';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../../../packages/pubsub/test/certificate.ts';
import { missing, program, run, startPython } from './python.ts';

beforeEach(({ skip }) => {
  if (missing) skip(missing);
});

type Message = Record<string, unknown> & { type: string };
type Data = Record<string, unknown> & { type: string };

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
const TYPES = [
  'runner_ready',
  'losses',
  'logs',
  'notification',
  'pong',
  'error',
  'control_applied',
  'control_refused',
] as const;

/** A server on a port, a relay whose session has a sink, and all messages that came. */
async function startLoop(options: TrickleOptions & { pingMs?: number } = {}) {
  const { pingMs = 60_000, ...server } = options;
  const start = (port: number) => serve({ autocreate: true, lingerMs: 30_000, port, ...server });
  let serving = await start(0);
  const { url, port } = serving;
  const events: Data[] = [];
  const envelopes: Envelope[] = [];
  const sink: Sink = {
    name: 'collect',
    async send(batch) {
      envelopes.push(...batch);
      for (const { bytes } of batch) events.push(JSON.parse(new TextDecoder().decode(bytes)).data);
    },
    async close() {},
  };
  const relay = createRelay({ url, sinks: [sink], pingMs });
  const session: Session = relay.open('s');
  const messages: Message[] = [];
  for (const type of TYPES) session.on(type, (message) => void messages.push(message as Message));
  onTestFinished(async () => {
    await relay.close({ deadlineMs: 500 });
    await serving.close();
  });
  const types = () => events.map(({ type }) => type);
  const one = (type: string, fits: (message: Message) => boolean = () => true) =>
    eventually(() => {
      const found = messages.find((message) => message.type === type && fits(message));
      expect(found, `no ${type} came`).toBeDefined();
      return found as Message;
    });
  return {
    url,
    session,
    events,
    envelopes,
    messages,
    types,
    one,
    create: (name: string) => serving.trickle.create(name, JSONL),
    stop: () => serving.close(),
    startAgain: async () => {
      serving = await start(port);
    },
  };
}

/** The control channel of the session, in the place of a client that states what it wants. */
function steer(url: string) {
  const writer = createJsonlWriter(channelUrl(url, sessionChannels('s').control), { create: true });
  onTestFinished(() => void writer.close({ deadlineMs: 500 }));
  let version = 0;
  return {
    ask: (message: object) => writer.write(JSON.stringify(message)),
    state: (state: unknown) =>
      writer.write(JSON.stringify({ type: 'control', client: 'c1', version: ++version, state })),
  };
}

/** The server at `url`, once more behind TLS, with a certificate of its own. */
async function behindTls(url: string) {
  const { key, cert } = selfSigned();
  const server = tls.createServer({ key, cert }, (socket) => {
    const inner = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    for (const each of [socket, inner]) each.on('error', () => [socket, inner].map((end) => end.destroy()));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, cert };
}

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'file'), text);
  return join(folder, 'file');
}

describe('telemetry', () => {
  it('PROTOCOL 8.1, 8.3: runner_ready comes first, then events in order, and the books of both ends agree', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's', { context: { user_id: 'u' } });
    await python.tell('emit', [
      ['model_loaded', { seconds: 1.5, text: 'Grüße 😀', 7: 'seven' }],
      ['stream_started', null],
    ]);
    await eventually(() => expect(loop.types()).toEqual(['model_loaded', 'stream_started']));
    const books = await python.close();
    expect(books).toMatchObject({ emitted: 2, written: 2, pending: 0, dropped: {} });
    await eventually(() => expect(loop.session.books.starts[0]?.state).toBe('finished'));
    expect(loop.session.books.starts).toMatchObject([
      { epoch: python.epoch, received: 2, lastSeq: 2, lost: 0, report: { emitted: 2, written: 2, pending: 0 } },
    ]);
    expect(Object.values(loop.session.books.badLines).every((count) => count === 0)).toBe(true);
    expect(loop.messages[0]).toMatchObject({ type: 'runner_ready', epoch: python.epoch, telemetry_enabled: true });
    const timestamp = loop.events[0]?.timestamp;
    expect(Object.keys(loop.events[0] ?? {}).filter((name) => name !== '7')).toEqual([
      'type',
      'client_source',
      'timestamp',
      'session_id',
      'user_id',
      'seconds',
      'text',
    ]);
    expect(loop.events[0]).toMatchObject({ client_source: 'runnel', session_id: 's', user_id: 'u', text: 'Grüße 😀' });
    expect(Math.abs(Number(timestamp) - Date.now())).toBeLessThan(60_000);
  });

  it('PROTOCOL 8.4: a flood drops the oldest, counted, and what is counted is what is missing', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's', { buffer: 16 });
    await python.tell('emit_many', 20_000);
    const { emitted, written, pending, dropped } = await python.close();
    expect({ emitted, pending }).toEqual({ emitted: 20_000, pending: 0 });
    expect(dropped.queue_overflow).toBeGreaterThan(0);
    expect(written + (dropped.queue_overflow ?? 0)).toBe(20_000);
    await eventually(() => expect(loop.events).toHaveLength(written));
    expect(loop.events.at(-1)).toMatchObject({ n: 19_999 });
  });

  it('PROTOCOL 7.2: segments are rolled by size', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's', { buffer: 1_000 });
    const text = 'x'.repeat(60_000);
    await python.tell(
      'emit',
      Array.from({ length: 20 }, (_, n) => ['large', { n, text }]),
    );
    await python.close();
    await eventually(() => expect(loop.events).toHaveLength(20));
    expect(loop.session.books.segments).toBeGreaterThanOrEqual(3);
    expect(loop.session.books.sums.missed).toBe(0);
  });

  it('PROTOCOL 2: a server behind TLS is served, and one whose certificate nobody vouches for is not', async () => {
    const loop = await startLoop();
    const { url, cert } = await behindTls(loop.url);
    const distrusting = await startPython(url, 's');
    await distrusting.tell('emit', [['distrusted', {}]]);
    const certificate = await fileOf(cert);
    vi.stubEnv('SSL_CERT_FILE', certificate);
    onTestFinished(() => void vi.unstubAllEnvs());
    const trusting = await startPython(url, 's');
    await trusting.tell('emit', [['trusted', {}]]);
    await eventually(() => expect(loop.types()).toContain('trusted'));
    await steer(loop.url).state({ log_level: 'off' });
    await loop.one('control_applied');
    expect(await distrusting.books()).toMatchObject({ emitted: 1, written: 0, pending: 1 });
    expect(await trusting.close()).toMatchObject({ emitted: 1, written: 1 });
    expect(loop.types()).not.toContain('distrusted');
  });

  it('PROTOCOL 8.3: emit never raises: what cannot be written is counted by reason, NaN becomes null', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's');
    await python.tell('emit_bad');
    const books = await python.close();
    expect(books).toMatchObject({ emitted: 5, written: 1, dropped: { unserialisable: 3, oversize: 1 } });
    expect(books.refused_fields).toBe(1);
    await eventually(() => expect(loop.types()).toEqual(['nan']));
    expect(loop.events[0]).toMatchObject({
      value: null,
      error: { exception_type: 'ValueError', message: 'bad frame' },
    });
  });

  it('PROTOCOL 8.4: a runner that was killed is an epoch without its last report', async () => {
    const loop = await startLoop();
    const killed = await startPython(loop.url, 's');
    await killed.tell('emit', [['before', {}]]);
    await eventually(() => expect(loop.types()).toEqual(['before']));
    await killed.kill();
    const next = await startPython(loop.url, 's');
    await next.tell('emit', [['after', {}]]);
    await eventually(() => expect(loop.types()).toEqual(['before', 'after']));
    await next.close();
    await eventually(() =>
      expect(loop.session.books.starts).toMatchObject([
        { epoch: killed.epoch, state: 'unreported' },
        { epoch: next.epoch, state: 'finished' },
      ]),
    );
  });

  it('PROTOCOL 4.8: a restart of the server is survived, and what was emitted meanwhile arrives', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's');
    await python.tell('emit', [['before', {}]]);
    await eventually(() => expect(loop.types()).toEqual(['before']));
    await loop.stop();
    await python.tell('emit', [['while away', {}]]);
    await loop.startAgain();
    await python.tell('emit', [['after', {}]]);
    await eventually(() => expect(loop.types()).toEqual(expect.arrayContaining(['before', 'while away', 'after'])));
    expect(loop.messages.filter(({ type }) => type === 'runner_ready').length).toBeGreaterThanOrEqual(2);
    await steer(loop.url).state({ heartbeat_ms: 500 });
    await loop.one('control_applied');
  });

  it('PROTOCOL 3.7: an events channel that is deleted under it is made anew, and nothing emitted afterwards is missing', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's');
    await python.tell('emit', [['before', {}]]);
    await eventually(() => expect(loop.types()).toEqual(['before']));
    await fetch(channelUrl(loop.url, 's-events'), { method: 'DELETE' });
    await loop.one('runner_ready', (message) => loop.messages.indexOf(message) > 0);
    await python.tell('emit', [['after', {}]]);
    await eventually(() => expect(loop.types()).toEqual(['before', 'after']));
  });

  it('PROTOCOL 8: channels that are not there yet are waited for, both ways', async () => {
    const loop = await startLoop({ autocreate: false });
    const python = await startPython(loop.url, 's');
    await python.tell('emit', [['early', {}]]);
    expect(await python.books()).toMatchObject({ emitted: 1, written: 0, pending: 1 });
    loop.create('s-events');
    await eventually(() => expect(loop.types()).toEqual(['early']));
    loop.create('s-control');
    await steer(loop.url).state({ heartbeat_ms: 500 });
    expect(await loop.one('control_applied')).toMatchObject({ state: { heartbeat_ms: 500 } });
  });

  it('PROTOCOL 8.4: without a server nothing is raised, and close says what did not leave', async () => {
    const python = await startPython('http://127.0.0.1:9/', 's', { buffer: 4 });
    await python.tell('emit_many', 10);
    expect(await python.close()).toMatchObject({
      emitted: 10,
      written: 0,
      pending: 0,
      dropped: { queue_overflow: 6, shutdown: 4 },
    });
  });
});

describe('messages', () => {
  it('PROTOCOL 8.1: logs, notifications, heartbeats of a stream, and reports of losses', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's', { heartbeat_ms: 100 });
    await python.tell('log', [['first'], ['second', 'error']]);
    await python.tell('notify', { hello: 'user' });
    await python.tell('stream', 3);
    expect(await loop.one('logs')).toMatchObject({ lines: expect.arrayContaining(['first']) });
    expect(await loop.one('notification')).toMatchObject({ payload: { hello: 'user' } });
    expect(await loop.one('losses', ({ emitted }) => emitted !== 0)).toMatchObject({ epoch: python.epoch });
    await eventually(() =>
      expect(loop.events).toContainEqual(expect.objectContaining({ type: 'stream_heartbeat', frames_in: 3 })),
    );
  });

  it('PROTOCOL 8.2: pings are answered, requests served, others refused', async () => {
    const loop = await startLoop({ pingMs: 200 });
    await startPython(loop.url, 's');
    await loop.one('pong');
    expect(await loop.session.request('start_stream', { params: { a: 1 } })).toMatchObject({
      type: 'stream_started',
      echo: { a: 1 },
    });
    await expect(loop.session.request('api', { method: 'GET', path: '/' })).rejects.toThrow('no such pipeline');
    await expect(loop.session.request('stop_stream')).rejects.toThrow('unknown type');
  });
});

describe('control', () => {
  it('PROTOCOL 8.6: a state is applied, told by its version, and a lower one or a wrong one is refused with the reason', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's');
    const { ask, state } = steer(loop.url);
    const sampling = { rate: 0.5, patterns: ['stream.*'] };
    await state({ sampling, colour: 'red' });
    const effective = {
      enabled: true,
      sampling,
      filter: { allowed: [], blocked: [] },
      heartbeat_ms: 10_000,
      log_level: 'debug',
    };
    expect(await loop.one('control_applied')).toEqual({
      type: 'control_applied',
      client: 'c1',
      version: 1,
      state: effective,
    });
    await state({ heartbeat_ms: 'often' });
    expect(await loop.one('control_refused')).toMatchObject({
      version: 2,
      reason: 'invalid',
      message: expect.stringContaining('heartbeat_ms'),
      state: effective,
    });
    await ask({ type: 'control', client: 'c1', version: 0, state: {} });
    expect(await loop.one('control_refused', ({ version }) => version === 0)).toMatchObject({ reason: 'stale' });
    await ask({ type: 'control', state: {}, request_id: 'r' });
    expect(await loop.one('error')).toMatchObject({ request_id: 'r' });
    expect(await python.tell('control')).toEqual(effective);
    await python.close();
    expect(await loop.one('losses', ({ last }) => last === true)).toMatchObject({
      control: { client: 'c1', version: 1 },
    });
  });

  it('PROTOCOL 3.4: a runner that stood still while the control channel went past its window goes on with the oldest statement kept', async () => {
    const loop = await startLoop({ window: 2, keepMs: 0 });
    const python = await startPython(loop.url, 's');
    const publisher = createPublisher(channelUrl(loop.url, sessionChannels('s').control), {
      mime: JSONL,
      create: true,
    });
    onTestFinished(() => void publisher.close({ deadlineMs: 500 }));
    const state = async (version: number) => {
      const segment = await publisher.open();
      const message = { type: 'control', client: 'c1', version, state: { log_level: 'error' } };
      segment.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
      await segment.end();
    };
    await state(1);
    await loop.one('control_applied', ({ version }) => version === 1);
    python.freeze();
    for (let version = 2; version <= 9; version++) await state(version);
    python.thaw();
    await loop.one('control_applied', ({ version }) => version === 9);
    expect(loop.messages.some(({ type, version }) => type === 'control_applied' && version === 5)).toBe(false);
  });

  it('PROTOCOL 8.6: what is switched off, filtered or sampled is withheld, and is no loss; a state expires by itself', async () => {
    const loop = await startLoop();
    const python = await startPython(loop.url, 's');
    const { state } = steer(loop.url);
    await state({ enabled: false });
    await loop.one('control_applied', ({ version }) => version === 1);
    await python.tell('emit', [['off', {}]]);
    await state({ filter: { allowed: ['a*'], blocked: ['a.secret'] }, log_level: 'error' });
    await loop.one('control_applied', ({ version }) => version === 2);
    await python.tell('emit', [
      ['a.b', {}],
      ['a.secret', {}],
      ['b', {}],
    ]);
    await python.tell('log', [['quiet'], ['loud', 'error']]);
    await state({ sampling: { rate: 0, patterns: ['c?'] }, expires_ms: 300 });
    await loop.one('control_applied', ({ version, expired }) => version === 3 && !expired);
    await loop.one('control_applied', ({ expired }) => expired === true);
    await python.tell('emit', [['c1', {}]]);
    expect(await python.close()).toMatchObject({
      emitted: 2,
      written: 2,
      dropped: {},
      withheld: { disabled: 1, filtered: 2 },
    });
    await eventually(() => expect(loop.types()).toEqual(['a.b', 'c1']));
    expect(await loop.one('logs')).toMatchObject({ lines: ['loud'] });
    expect(await loop.one('losses', ({ last }) => last === true)).toMatchObject({
      withheld: { disabled: 1, filtered: 2 },
      control: { client: 'c1', version: 3, expired: true },
    });
  });

  it('PROTOCOL 8.6: the same correlation ids are kept as by our own runner, with their weight', async () => {
    const ids = Array.from({ length: 400 }, (_, n) => `request ${n} 😀`);
    const control = { sampling: { rate: 0.25 } };
    const kept: string[] = [];
    const ours = createRunner({ session: 's', sink: memory(kept), control, buffer: 1_000 });
    for (const id of ids) ours.emit('work', {}, { correlationId: id });
    await ours.close();
    const loop = await startLoop();
    const python = await startPython(loop.url, 's', { control, buffer: 1_000 });
    await python.tell('emit_ids', ids);
    const books = await python.close();
    expect(books.emitted + (books.withheld.sampled ?? 0)).toBe(400);
    expect(kept.length).toBeGreaterThan(50);
    await eventually(() => expect(loop.events.map(({ correlation_id }) => correlation_id)).toEqual(kept));
    expect(new Set(loop.events.map(({ sample_weight }) => sample_weight))).toEqual(new Set([4]));
  });

  it('PROTOCOL 8.6: patterns match what they match in our own runner', async () => {
    const letters = ['a', 'b', '.', '*', '?', '😀'];
    const cases: [string, string][] = [];
    let random = 1;
    const pick = (most: number) => {
      random = (random * 48_271) % 2_147_483_647;
      return random % most;
    };
    const word = (from: string[], most: number) =>
      Array.from({ length: 1 + pick(most) }, () => from[pick(from.length)]).join('');
    for (let n = 0; n < 1_000; n++) cases.push([word(letters, 5), word(['a', 'b', '.', '😀'], 6)]);
    const ours = cases.map(([pattern, text]) => {
      const runner = createRunner({ session: 's', sink: memory([]), control: { filter: { allowed: [pattern] } } });
      const { enabled } = runner.event(text);
      void runner.close();
      return enabled;
    });
    expect(new Set(ours)).toEqual(new Set([true, false]));
    const python = await startPython('http://127.0.0.1:9/', 's');
    expect(await python.tell('matches', cases)).toEqual(ours);
  });
});

describe('the program', () => {
  it('measures this machine, and says its books when it is told to stop', async () => {
    const loop = await startLoop();
    const child = run([program, '--url', loop.url, '--session', 's', '--every', '0.1']);
    await eventually(() => expect(loop.events.length).toBeGreaterThan(2));
    expect(loop.events.at(-1)).toMatchObject({ type: 'host_stats', disk_free_mb: expect.any(Number) });
    expect(loop.events.at(-1)?.load_1m).toBeGreaterThanOrEqual(0);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await eventually(() => expect(loop.session.books.starts[0]?.state).toBe('finished'));
  });
});

describe('the README', () => {
  it('shows code that runs, of about ten lines', async () => {
    const readme = await readFile(join(dirname(program), 'README.md'), 'utf8');
    const code = /```python\n(.*?)```/s.exec(readme)?.[1] ?? '';
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(11);
    const loop = await startLoop();
    const child = run([
      '-c',
      code.replace('"http://127.0.0.1:7800/", "demo"', JSON.stringify([loop.url, 's']).slice(1, -1)),
    ]);
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(0);
    await eventually(() => expect(loop.types()).toEqual(['model_loaded']));
    expect(await loop.one('logs')).toMatchObject({ lines: ['done'] });
  });
});

/** A sink of our own runner that notes the correlation ids. */
function memory(ids: string[]): Sink {
  return {
    name: 'memory',
    async send(batch) {
      for (const { bytes } of batch) ids.push(JSON.parse(new TextDecoder().decode(bytes)).data.correlation_id);
    },
    async close() {},
  };
}
