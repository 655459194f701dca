import { expect, test } from 'vitest';
import { choose, only, UsageError } from './run.ts';
import type { Workload } from './workload.ts';

const workload = (name: string, ...contenders: string[]): Workload => ({
  name,
  about: '',
  baseline: '',
  figures: {},
  contenders: Object.fromEntries(contenders.map((each) => [each, () => ({ round: () => ({}) })])),
});

test('contenders are named with commas between them, also those with a comma in their name', () => {
  const all = workload('w', 'runnel', 'runnel, fast ingest', '2,000 sessions', 'nats core');
  const chosen = (names: string) => Object.keys(only(all, names).contenders);

  expect(chosen('runnel,nats core')).toEqual(['runnel', 'nats core']);
  expect(chosen('runnel, fast ingest,2,000 sessions')).toEqual(['runnel, fast ingest', '2,000 sessions']);
  expect(() => only(all, 'nobody')).toThrow(UsageError);
});

test('a name is a workload or the beginning of several', () => {
  const all = [workload('emit'), workload('emit-drain'), workload('emitter')];

  expect(choose(all, ['emit']).map(({ name }) => name)).toEqual(['emit', 'emit-drain']);
  expect(() => choose(all, ['emi'])).toThrow(UsageError);
});
