import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { LoopWatch } from './loop-watch.ts';

test('a loop that stood still is noticed, by those who began before', async () => {
  const loop = new LoopWatch();
  onTestFinished(() => loop.stop());
  const before = performance.now();
  while (performance.now() < before + 400);
  await pause(0);
  expect(loop.stalledSince(before)).toBe(true);
  expect(loop.stalledSince(performance.now() + 1)).toBe(false);
});
