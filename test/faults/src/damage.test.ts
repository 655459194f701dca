import { expect, test } from 'vitest';
import { damagedJournals } from './damage.ts';

const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 32));

test(`EGRESS 2.15, R3: a client starts on a damaged journal, and names what it moved aside (FAULTS_SEED=${seed})`, async () => {
  const report = await damagedJournals({ damages: 5, seed });
  expect(report.problems).toEqual([]);
  expect(report.undelivered).toEqual([]);
  expect(report.delivered).toBeGreaterThan(0);
});
