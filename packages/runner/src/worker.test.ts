import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Sink } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { createRunner, type Runner, type RunnerOptions } from './index.ts';

function start(options: Partial<RunnerOptions> = {}) {
  const events: { type: string; n?: number; text?: string; correlation_id?: string }[] = [];
  const sink: Sink = {
    name: 'taking',
    async send(batch) {
      for (const { bytes } of batch) events.push(JSON.parse(new TextDecoder().decode(bytes)).data);
    },
    async close() {},
  };
  return { runner: createRunner({ session: 's', sink, buffer: 10_000, ...options }), events };
}

function worker(runner: Runner, job: { name: string; count: number; end?: string; buffer?: number }) {
  const link = runner.workerLink();
  return new Worker(new URL('../test/worker.ts', import.meta.url), {
    workerData: { link, ...job },
    transferList: [link.port],
  });
}

const emitted = (runner: Runner, count: number) => expect.poll(() => runner.books.emitted).toBe(count);

it('EGRESS 1.10: of several threads and the main one at once nothing is torn or lost, and each keeps its order', async () => {
  const { runner, events } = start();
  const names = ['a', 'b', 'c'];
  const workers = names.map((name) => worker(runner, { name, count: 1_000, buffer: 1_000 }));
  for (let n = 0; n < 1_000; n++) {
    runner.emit('main', { n, text: `main ${n}` });
    if (n % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(workers.map((each) => once(each, 'exit')));
  await emitted(runner, 4_000);
  expect(await runner.close()).toMatchObject({ emitted: 4_000, written: 4_000, pending: 0, dropped: {} });
  for (const name of [...names, 'main']) {
    const own = events.filter(({ type }) => type === name);
    expect(own.map(({ n }) => n)).toStrictEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(own.every(({ n, text }) => text === `${name} ${n}`)).toBe(true);
  }
  expect(events.find(({ type }) => type === 'a')).toMatchObject({ correlation_id: 'a' });
});

it('EGRESS 4.5: what a thread has to drop is counted in the runner’s books, and so is what cannot be cloned', async () => {
  const { runner, events } = start();
  await once(worker(runner, { name: 'w', count: 49, end: 'odd values', buffer: 20 }), 'exit');
  await emitted(runner, 51);
  const { dropped, written } = await runner.close();
  expect(dropped).toStrictEqual({ queue_overflow: 31, unserialisable: 1 });
  expect(written).toBe(19);
  expect(events.at(-1)?.type).toBe('after');
});

it('EGRESS 4.5, 6.15: what a killed thread had not handed over is counted as worker_gone', async () => {
  const { runner } = start();
  const killed = worker(runner, { name: 'w', count: 100, end: 'hang' });
  await once(killed, 'message');
  await killed.terminate();
  await emitted(runner, 110);
  const { written, dropped } = await runner.close();
  expect(written + (dropped.worker_gone ?? 0)).toBe(110);
  expect(dropped.worker_gone).toBeGreaterThanOrEqual(10);
});

it('EGRESS 4.5: the control state holds for threads, too', async () => {
  const { runner } = start({ control: { filter: { blocked: ['w'] } } });
  await once(worker(runner, { name: 'w', count: 10 }), 'exit');
  await expect.poll(() => runner.books.withheld.filtered).toBe(10);
  expect(await runner.close()).toMatchObject({ emitted: 0, dropped: {} });
});

it('EGRESS 4.5: with the runner closed, a thread’s emit goes nowhere and throws nothing', async () => {
  const { runner } = start();
  const late = worker(runner, { name: 'w', count: 200 });
  const { written, emitted, pending, dropped } = await runner.close();
  const [code] = await once(late, 'exit');
  expect(code).toBe(0);
  expect(pending).toBe(0);
  expect(emitted).toBe(written + (dropped.shutdown ?? 0));
});
