import { goMissing, goPeer, goServer } from '@runnel/interop';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseFeatures, type Report, runConformance, sections } from '../src/index.ts';
import { goOutcome } from './document.ts';
import known from './go-known-failures.json' with { type: 'json' };

const cases = sections.flatMap((section) => section.cases);
const missing = await goMissing();

describe.skipIf(missing !== undefined)(`the Go server (${goPeer}) is as docs/conformance.md says`, () => {
  let report: Report;

  beforeAll(async () => {
    const server = await goServer({ autocreate: true, changefeed: true });
    report = await runConformance({ url: server.url, features: parseFeatures(known.features) });
    await server.stop();
  }, 120_000);

  test('it passes what it is said to pass', () => {
    expect(idsOf('fail').filter((id) => !Object.hasOwn(known.failures, id))).toEqual([]);
  });

  test('it fails what it is said to fail', () => {
    expect(Object.keys(known.failures).filter((id) => !idsOf('fail').includes(id))).toEqual([]);
  });

  test('what its features rule out is not applicable', () => {
    const ruledOut = cases.filter((one) => goOutcome(one).verdict === 'not applicable').map(({ id }) => id);
    expect(idsOf('not applicable')).toEqual(ruledOut);
  });

  function idsOf(verdict: string): string[] {
    return report.results.filter((result) => result.verdict === verdict).map(({ id }) => id);
  }
});

test('the list of known failures names cases that there are', () => {
  const ids = cases.map(({ id }) => id);
  expect(Object.keys(known.failures).filter((id) => !ids.includes(id))).toEqual([]);
});
