import { expect, test } from 'vitest';
import { atEachSize, placeOf } from './sizes.ts';

test('a contender is found again on its line of the chart by its name', () => {
  const peer = () => Promise.reject(new Error('not asked'));
  const all = atEachSize(
    { sizes: [1, 50_000], unit: ['channel', 'channels'], peers: { runnel: peer, go: peer } },
    () => ({ round: () => ({}) }),
  );

  expect(Object.keys(all)).toEqual(['1 channel', '50,000 channels', '1 channel, go', '50,000 channels, go']);
  expect(Object.keys(all).map(placeOf)).toEqual([
    { line: 'runnel', size: 1 },
    { line: 'runnel', size: 50_000 },
    { line: 'go', size: 1 },
    { line: 'go', size: 50_000 },
  ]);
});
