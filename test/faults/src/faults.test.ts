/** A handful of each; `npm run faults` plays many. */
import { expect, test } from 'vitest';
import { killCycles } from './kill.ts';
import { play, SCENARIOS } from './script.ts';

const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 32));

test(`EGRESS 2.14: what was committed arrives, in order, whenever the client is killed (FAULTS_SEED=${seed})`, async () => {
  const report = await killCycles({ cycles: 6, seed });
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ lost: [], committed: report.published, arrived: report.published });
  expect(report.published).toBeGreaterThan(0);
});

test.each(SCENARIOS)('EGRESS R7: all that can be is delivered, in order: $name', async (scenario) => {
  const row = await play(scenario);
  expect(row).toMatchObject({ ok: true, delivered: row.sent - (scenario.poison ?? 0), dead: scenario.poison ?? 0 });
});
