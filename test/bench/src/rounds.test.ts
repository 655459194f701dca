import { expect, test } from 'vitest';
import { measure } from './rounds.ts';
import { median, summarise } from './summary.ts';
import { Unavailable, type Workload } from './workload.ts';

test('contenders take turns, warm-up does not count, and all are closed', async () => {
  const turns: string[] = [];
  const workload = fake(turns, { a: [9, 1, 2], b: [9, 3, 4] });

  const measured = await measure(workload, { rounds: 2, warmup: 1 });

  expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'close a', 'close b']);
  expect(measured.rounds).toEqual({ a: [{ rate: 1 }, { rate: 2 }], b: [{ rate: 3 }, { rate: 4 }] });
});

test('a contender that cannot run here is left out with its reason, and the others run', async () => {
  const workload = fake([], { a: [1] });
  const withPeer = {
    ...workload,
    contenders: {
      ...workload.contenders,
      peer: () => {
        throw new Unavailable('no peer on this machine');
      },
    },
  };

  expect(await measure(withPeer, { rounds: 1, warmup: 0 })).toEqual({
    rounds: { a: [{ rate: 1 }] },
    unavailable: { peer: 'no peer on this machine' },
    failed: {},
  });
});

test('a contender that measures nothing is out with its reason and closed, and the others go on', async () => {
  const turns: string[] = [];

  const measured = await measure(fake(turns, { a: [], b: [1, 2] }), { rounds: 2, warmup: 0 });

  expect(measured.rounds).toEqual({ b: [{ rate: 1 }, { rate: 2 }] });
  expect(measured.failed).toEqual({ a: 'Error: fake: a measured no rate' });
  expect(turns).toEqual(['a', 'close a', 'b', 'b', 'close b']);
});

test('a contender that finds only in its round that it cannot run here is left out, which is no fault', async () => {
  const contender = {
    round: () => {
      throw new Unavailable('no generator on this machine');
    },
  };

  const measured = await measure({ ...fake([], {}), contenders: { a: () => contender } }, { rounds: 1, warmup: 0 });

  expect(measured).toEqual({ rounds: {}, unavailable: { a: 'no generator on this machine' }, failed: {} });
});

test('a round that never ends is given up, and the others go on', async () => {
  const stuck = { round: () => new Promise<never>(() => {}) };
  const { contenders, ...workload } = fake([], { b: [1] });

  const measured = await measure(
    { ...workload, contenders: { stuck: () => stuck, ...contenders } },
    { rounds: 1, warmup: 0, limitMs: 20 },
  );

  expect(measured.failed).toEqual({ stuck: 'Error: it did not end within 0.02 s' });
  expect(measured.rounds).toEqual({ b: [{ rate: 1 }] });
});

test('where each round begins anew none before them warms up', async () => {
  const turns: string[] = [];

  await measure({ ...fake(turns, { a: [1] }), anew: true }, { rounds: 1, warmup: 1 });

  expect(turns).toEqual(['a', 'close a']);
});

test('a round is told how long it lasts, the one before them too', async () => {
  const told: number[] = [];
  const workload = fake([], {});
  const contender = {
    round: ({ seconds }: { seconds: number }) => {
      told.push(seconds);
      return { rate: 1 };
    },
  };

  await measure({ ...workload, contenders: { a: () => contender } }, { rounds: 2, seconds: 0.5, warmup: 3 });

  expect(told).toEqual([3, 0.5, 0.5]);
});

test('a ratio is the median of what was measured in the same round', () => {
  const workload = fake([], {});
  const rates = (...values: number[]) => values.map((rate) => ({ rate }));

  // The machine became ten times slower after the first round; in each round b was twice as fast.
  const summary = summarise(workload, { a: rates(100, 10, 10), b: rates(200, 20, 20) });

  expect(summary.b?.rate).toEqual({ median: 20, min: 20, max: 200, ratio: 2 });
  expect(summary.a?.rate?.ratio).toBe(1);
});

test('there is no ratio without the baseline', () => {
  expect(summarise(fake([], {}), { b: [{ rate: 5 }] }).b?.rate?.ratio).toBeUndefined();
});

test('the median is the middle value or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 3])).toBe(2.5);
});

function fake(turns: string[], rates: Record<string, number[]>): Workload {
  const contender = (name: string, values: number[]) => () => ({
    round() {
      turns.push(name);
      return { rate: values.shift() ?? Number.NaN };
    },
    close() {
      turns.push(`close ${name}`);
    },
  });
  return {
    name: 'fake',
    about: 'figures made up in advance',
    baseline: 'a',
    figures: { rate: { unit: 'x/s', better: 'higher' } },
    contenders: Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, contender(name, values)])),
  };
}
