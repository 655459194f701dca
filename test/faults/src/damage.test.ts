import { expect, test } from 'vitest';
import { damagedJournals } from './damage.ts';

const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 32));

test(`EGRESS 2.15: a client starts on a damaged journal, and names what it moved aside (FAULTS_SEED=${seed})`, async () => {
  const report = await damagedJournals({ damages: 5, seed });
  expect(report.problems).toEqual([]);
  // Not `undelivered`: the client does not yet read the row beside a damaged page, which `npm run faults` reports.
  expect(report.delivered).toBeGreaterThan(0);
});
