import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { documents } from './document.ts';
import { goals } from './goals.ts';
import { type Result, readResults } from './result.ts';
import { type Soak, trendByRole } from './soak.ts';
import { verdictOf } from './verdict.ts';

test('docs/performance.md and its charts are what the recorded results say: npm run bench -- report', async () => {
  for (const [name, text] of await documents()) {
    expect(await readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8'), name).toBe(text);
  }
});

test('results/why.json speaks of goals that there are', async () => {
  const why = JSON.parse(await readFile(new URL('../results/why.json', import.meta.url), 'utf8'));
  const known = new Set(['soak', ...goals.flatMap(({ id, what }) => [id, `${id}: ${what}`])]);

  expect(Object.keys(why).filter((key) => !known.has(key))).toEqual([]);
});

test('every goal that is missed has its reason in results/why.json', async () => {
  const results = await readResults(new URL('../results/', import.meta.url));
  const why = JSON.parse(await readFile(new URL('../results/why.json', import.meta.url), 'utf8'));
  const missed = goals.filter((goal) => verdictOf(goal, results).outcome === 'missed');

  expect(missed.filter(({ id, what }) => !(`${id}: ${what}` in why) && !(id in why))).toEqual([]);
});

test('a goal that is a ratio is held against the median of the ratios within the rounds', () => {
  const goal = { id: 'x', what: 'x', workload: 'w', figure: 'rate', contender: 'ours', against: 'peer', atLeast: 2 };
  // The machine became ten times slower after the first round; in each ours was three times as fast.
  const results = resultsOf({ ours: [300, 30, 30], peer: [100, 10, 10] });

  expect(verdictOf(goal, results)).toEqual({ outcome: 'met', measured: 3 });
  expect(verdictOf({ ...goal, atLeast: 4 }, results)).toEqual({ outcome: 'missed', measured: 3 });
});

test('a goal whose peer was not there is not measured, and says so', () => {
  const goal = { id: 'x', what: 'x', workload: 'w', figure: 'rate', contender: 'ours', against: 'peer', atLeast: 2 };

  expect(verdictOf(goal, resultsOf({ ours: [1] }, { peer: 'it is not on this machine' }))).toEqual({
    outcome: 'not measured',
    because: 'peer: it is not on this machine',
  });
});

test('a soak is flat for a process that has stopped growing by its second half, and for no other', () => {
  const samples = Array.from({ length: 60 }, (_, minute) => ({
    minute,
    mib: { settled: Math.min(minute, 20), growing: 100 + minute, large: 1_000 + minute / 2 },
  }));

  const trends = trendByRole({ samples } as unknown as Soak);

  expect(Object.entries(trends).map(([role, { flat }]) => [role, flat])).toEqual([
    ['settled', true],
    ['growing', false],
    ['large', true],
  ]);
  expect(trends.growing?.slope).toBeCloseTo(60);
});

function resultsOf(rates: Record<string, number[]>, unavailable: Record<string, string> = {}): Map<string, Result> {
  const rounds = Object.fromEntries(
    Object.entries(rates).map(([name, values]) => [name, values.map((rate) => ({ rate }))]),
  );
  return new Map([['w', { rounds, unavailable, failed: {} } as unknown as Result]]);
}
