/** Server, runner and client as three processes: in any order, killed and started again one at a time, and the books afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AppName, createLoop, eventsOf, sessionAt } from './loop.ts';
import { killAll, startRunnel, startScript, until } from './processes.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-loop-'));
});

afterEach(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true });
});

const orders: AppName[][] = [
  ['server', 'runner', 'client'],
  ['server', 'client', 'runner'],
  ['runner', 'server', 'client'],
  ['runner', 'client', 'server'],
  ['client', 'server', 'runner'],
  ['client', 'runner', 'server'],
];

test.each(orders)('%s, %s, %s: in this order they find each other', async (...order) => {
  const loop = await createLoop();
  for (const name of order) await loop.start(name);
  // What the runner measured, not only that it started.
  await loop.apps.client?.said(/TELEMETRY type=stream_started .*session=demo .*relayed_via=trickle/);
  await until('a start that runs', async () => {
    const { starts } = await loop.session();
    return starts.length === 1 && starts[0]?.state === 'running' && starts[0].received > 1;
  });
});

test('each is killed and started again in turn, and the books say what became of every event', {
  timeout: 90_000,
}, async () => {
  const file = join(folder, 'events.ndjson');
  const loop = await createLoop({ file });
  for (const name of ['server', 'runner', 'client'] as const) await loop.start(name);
  const received = async () => (await loop.session()).sums.received;
  const more = async (what: string) => {
    const before = await received();
    await until(what, async () => (await received()) > before + 1);
  };
  await until('telemetry', async () => (await received()) > 1);

  loop.apps.server?.kill('SIGKILL');
  await loop.apps.server?.ended;
  await loop.start('server');
  await more('telemetry after the server was killed');
  const { discontinuities, starts } = await loop.session();
  expect({ discontinuities, starts }).toEqual({
    discontinuities: 1,
    starts: [expect.objectContaining({ state: 'running' })],
  });

  loop.apps.runner?.kill('SIGKILL');
  await loop.apps.runner?.ended;
  const restartedAt = Date.now();
  await loop.start('runner');
  await until('a second start', async () => (await loop.session()).starts.length === 2);
  await more('telemetry of the second start');
  const [killed, second] = (await loop.session()).starts;
  expect(killed).toMatchObject({ state: 'unreported' });
  expect(killed?.lastSeq).toBe((killed?.received ?? 0) + (killed?.missed.before ?? 0) + (killed?.missed.gap ?? 0));
  expect(second).toMatchObject({ state: 'running', missed: { before: 0, gap: 0 } });

  loop.apps.client?.kill('SIGKILL');
  await loop.apps.client?.ended;
  await loop.start('client');
  await until('telemetry after the client was killed', async () => (await received()) > 1);

  loop.apps.runner?.kill('SIGTERM');
  expect(await loop.apps.runner?.ended, loop.apps.runner?.output).toEqual({ code: 0, signal: null });
  const [, emitted = '', written = ''] =
    (await loop.apps.runner?.said(/stopped; events: (\d+) emitted, (\d+) written/)) ?? [];
  const finished = await until('its last report', async () =>
    (await loop.session()).starts.find((start) => start.epoch === second?.epoch && start.state === 'finished'),
  );
  const { report } = finished;
  expect(report).toMatchObject({ emitted: Number(emitted), written: Number(written), pending: 0 });
  const dropped = Object.values(report?.dropped ?? {}).reduce((sum, n) => sum + n, 0);
  expect(Number(emitted)).toBe(Number(written) + dropped);
  expect(finished.received + finished.lost).toBe(Number(written));

  for (const name of ['client', 'server'] as const) {
    loop.apps[name]?.kill('SIGTERM');
    expect(await loop.apps[name]?.ended, loop.apps[name]?.output).toEqual({ code: 0, signal: null });
  }
  // Both clients together have every event that the second start wrote: the new client read again what the server still held.
  const events = (await eventsOf(file)).filter((event) => Number(event.timestamp) >= restartedAt);
  expect(new Set(events.map(({ id }) => id)).size).toBe(Number(written) - finished.lost);
});

test('losses when the server is killed under load equal what the counters say', { timeout: 120_000 }, async () => {
  const file = join(folder, 'events.ndjson');
  const loop = await createLoop();
  const server = await loop.start('server');
  const relay = startRunnel(['relay', loop.url, '--session', 'load', '--port', '0', '--file', file]);
  const [, status = ''] = await relay.said(/status at (\S+)/);
  const emitter = startScript('emitter.ts', [loop.url, 'load', '4000', '1000']);
  const session = () => sessionAt(status);

  await until('events', async () => (await session()).sums.received > 500);
  server.kill('SIGKILL');
  await server.ended;
  await loop.start('server');

  expect(await emitter.ended, emitter.output).toEqual({ code: 0, signal: null });
  const books = JSON.parse(emitter.stdout);
  const start = await until('the last report', async () => {
    const [start] = (await session()).starts;
    return start?.state === 'finished' && start;
  });
  relay.kill('SIGTERM');
  expect(await relay.ended, relay.output).toEqual({ code: 0, signal: null });

  const numbers = (await eventsOf(file)).map((event) => Number(event.data.n));
  const dropped = Object.values<number>(books.dropped).reduce((sum, n) => sum + n, 0);
  expect(books).toMatchObject({ emitted: 4000, pending: 0 });
  expect(books.written + dropped).toBe(4000);
  expect(start.report).toMatchObject({ emitted: 4000, written: books.written, dropped: books.dropped });
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.length).toBe(start.received);
  expect(4000 - numbers.length).toBe(start.lost + dropped);
  expect(start.lastSeq - numbers.length).toBe(start.missed.before + start.missed.gap);
});
