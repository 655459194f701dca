import { expect, it } from 'vitest';
import { Ring } from './ring.ts';

it('keeps the newest, oldest first, and counts what had to go', () => {
  const ring = new Ring<number>({ capacity: 3 });
  for (let n = 1; n <= 5; n++) ring.push(n);
  expect([ring.at(0), ring.at(1), ring.at(2), ring.at(3), ring.at(-1)]).toEqual([3, 4, 5, undefined, undefined]);
  expect(ring).toMatchObject({ length: 3, forgotten: 2 });
});

it('is bounded in weight as well: one large item makes many small ones go', () => {
  const ring = new Ring<string>({ capacity: 100, maxWeight: 10, weightOf: ({ length }) => length });
  for (const text of ['aa', 'bb', 'cc', 'ddddddddd']) ring.push(text);
  expect([ring.length, ring.at(0), ring.weight, ring.forgotten]).toEqual([1, 'ddddddddd', 9, 3]);
  ring.push('x'.repeat(50));
  expect([ring.length, ring.weight]).toEqual([1, 50]);
  ring.push('y');
  expect([ring.length, ring.weight]).toEqual([1, 1]);
});

it('gives the newest first, up to where the test ends it', () => {
  const ring = new Ring<number>({ capacity: 4 });
  for (let n = 1; n <= 6; n++) ring.push(n);
  expect(ring.newest(2)).toEqual([6, 5]);
  expect(ring.newest(9, (n) => n > 4)).toEqual([6, 5]);
  expect(ring.older(1, 2)).toEqual([5, 4]);
  expect(ring.older(3, 9)).toEqual([3]);
  expect(ring.older(9, 9)).toEqual([]);
  expect(ring.pushed).toBe(6);
  ring.clear();
  expect(ring.newest(9)).toEqual([]);
});
