import { ManualClock } from '@runnel/protocol/testing';
import { expect, it } from 'vitest';
import { processProbes, vitalsOf } from './index.ts';

it('EGRESS 1.21: figures of the process and its host are numbers, and plausible', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const read = vitalsOf(...processProbes(clock, stop.signal));
  clock.advance(1_000);
  const vitals = read();
  expect(Object.keys(vitals)).toEqual(
    expect.arrayContaining(['rss_mb', 'heap_used_mb', 'cpu_percent', 'host_load_1m', 'host_memory_used_percent']),
  );
  expect(vitals.rss_mb).toBeGreaterThan(vitals.heap_used_mb ?? Number.NaN);
  expect(vitals.host_memory_used_percent).toBeLessThanOrEqual(100);
  stop.abort();
});

it('EGRESS 1.21: a probe that throws or gives no number is absent, and the others are there', () => {
  const read = vitalsOf(
    () => ({ a: 1 }),
    () => {
      throw new Error('no device');
    },
    () => ({ b: Number.NaN, c: 2 }),
  );
  expect(read()).toStrictEqual({ a: 1, c: 2 });
});

it('EGRESS 1.21: a figure that needs time to have passed is absent where none has', () => {
  const stop = new AbortController();
  expect(vitalsOf(...processProbes(new ManualClock(), stop.signal))()).not.toHaveProperty('cpu_percent');
  stop.abort();
});
