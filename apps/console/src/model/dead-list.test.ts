import { expect, it } from 'vitest';
import { type DeadList, withNewest, withOlder } from './dead-list.ts';
import type { DeadEntry } from './wire.ts';

const down = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, n) => ({ number: from - n }) as DeadEntry);
const numbers = ({ letters }: DeadList) => letters.map(({ number }) => number);
const page = (from: number, to: number, total = from) => ({
  total,
  letters: down(from, to),
  next: to > 1 ? to : undefined,
});

it('older letters that were asked for stay while newer ones come', () => {
  const list = withOlder(withNewest(undefined, page(100, 51)), page(50, 1, 100));
  const after = withNewest(list, page(103, 54));
  expect(numbers(after)).toEqual(numbers({ ...list, letters: down(103, 1) }));
  expect(after).toMatchObject({ total: 103, next: undefined });
});

it('begins anew where letters between are not known, or some were sent again', () => {
  const list = withOlder(withNewest(undefined, page(100, 51)), page(50, 1, 100));
  expect(numbers(withNewest(list, page(400, 351)))).toEqual(numbers({ ...list, letters: down(400, 351) }));
  expect(withNewest(list, page(100, 51, 60))).toEqual(page(100, 51, 60));
  expect(withNewest(list, { total: 0, letters: [], next: undefined }).letters).toEqual([]);
});

it('keeps 500, and says where the next begin', () => {
  let list = withNewest(undefined, page(2_000, 1_951));
  for (let from = 1_950; from > 1_400; from -= 50) list = withOlder(list, page(from, from - 49, 2_000));
  list = withNewest(list, page(2_001, 1_952));
  expect(list.letters.length).toBe(500);
  expect(list.next).toBe(list.letters.at(-1)?.number);
});
