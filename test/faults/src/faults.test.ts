/** A handful of each; `npm run faults` plays many. */
import { describe, expect, test } from 'vitest';
import { badDisk, noBadDisk } from './bad-disk.ts';
import { clockSteps } from './clock-steps.ts';
import { fullDisk, noSmallDisk } from './full-disk.ts';
import { killCycles } from './kill.ts';
import { STORMS, weather } from './network.ts';
import { SCENARIOS } from './scenarios.ts';
import { play } from './script.ts';

const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 32));

test(`EGRESS 2.14, R2, 6.1 and 6.8: what was committed arrives, in order, whenever the client is killed (FAULTS_SEED=${seed})`, async () => {
  const report = await killCycles({ cycles: 6, seed });
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ lost: [], committed: report.published, arrived: report.published });
  expect(report.published).toBeGreaterThan(0);
});

test.each(SCENARIOS)('EGRESS R7: all that can be is delivered, in order: $name', async (scenario) => {
  const row = await play(scenario);
  expect(row).toMatchObject({ ok: true, delivered: row.sent - (scenario.poison ?? 0), dead: scenario.poison ?? 0 });
});

describe('EGRESS 6.3 and 6.16: connections that are cut, late or half open lose nothing that is kept, and a gap is counted', () => {
  test.concurrent.each(STORMS)('$name', async (storm) => {
    const row = await weather(storm);
    expect(row.problems).toEqual([]);
    expect(row).toMatchObject({ lost: 0, delivered: row.published - row.missed });
    if (storm.forgets) expect(row.missed).toBeGreaterThan(0);
  });
});

test('EGRESS 6.13: steps of the wall clock by an hour stall nothing, and no figure turns negative', async () => {
  const report = await clockSteps();
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, delivered: report.published });
  expect(report.waitedMs).toHaveLength(report.steps);
});

test('EGRESS 6.4, R4: on a full disk the process lives, counts what its memory has no room for, and resumes by itself', async ({
  skip,
}) => {
  const reason = noSmallDisk();
  skip(reason !== undefined, reason);
  const report = await fullDisk();
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, delivered: report.published - report.dropped, mostWaiting: report.bound });
  expect(report.dropped).toBeGreaterThan(0);
});

test.for([
  ['e', 'EIO for each write'],
  ['s', 'every other write cut to a half'],
] as const)('EGRESS R4: a disk in trouble, %s: %s', async ([mode], { skip }) => {
  const reason = noBadDisk();
  skip(reason !== undefined, reason);
  const report = await badDisk(mode);
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, delivered: report.published - report.dropped });
  expect(report.dropped > 0).toBe(mode === 'e');
});
