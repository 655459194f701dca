import { beforeAll, describe, expect, test } from 'vitest';
import { type Report, sections } from '../src/index.ts';
import { casesFor, type Setup, setups } from './setups.ts';
import { holdOurs } from './start.ts';

/** The suite waits for the server's own times, so all set-ups wait together; they begin one after another, since the beginning is the busy part. */
const STAGGER_MS = 2_000;
const RUN_MS = 240_000;
const reports = new Map<Setup, Promise<Report>>();

beforeAll(async () => {
  for (const setup of setups) {
    reports.set(setup, holdOurs(setup));
    await new Promise((resolve) => setTimeout(resolve, STAGGER_MS));
  }
  await Promise.all(reports.values());
}, RUN_MS);

describe.each(setups)('our server $name', (setup) => {
  for (const { id, title } of casesFor(setup)) {
    test(`${id}: ${title}`, async () => {
      const result = (await reports.get(setup))?.results.find((one) => one.id === id);
      expect(result).toMatchObject({ verdict: 'pass' });
    });
  }
});

test('every case is held against our server in some set-up', () => {
  const held = new Set(setups.flatMap((setup) => casesFor(setup).map(({ id }) => id)));
  const all = sections.flatMap((section) => section.cases.map(({ id }) => id));
  expect(all.filter((id) => !held.has(id))).toEqual([]);
});
