import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chart } from './chart.ts';
import { underFaults } from './section.ts';
import { FILE } from './write.ts';

test('docs/faults.svg is what `npm run docs` writes', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(chart());
  expect(chart()).toMatch(/^<svg/);
});

test('the section has the figures of what is recorded', () => {
  const text = underFaults();
  for (const heading of ['## Under faults', '**`kill -9`**', '**Networks**', '**Steps of the wall clock**'])
    expect(text).toContain(heading);
  expect(text).not.toMatch(/undefined|NaN/);
});
