import { expect, test } from 'vitest';
import { seededRandom } from './testing.ts';

test('a seed that a run printed long ago still plays that run', () => {
  const random = seededRandom(1);
  expect([random(), random(), random()]).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
});
