import { describe, expect, test } from 'vitest';
import { Recent } from './recent.ts';
import type { Row } from './row.ts';

const rows = (from: number, to: number, size = 10): Row[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({
    n: from + at,
    envelope: { id: undefined, bytes: new Uint8Array(size), session: 's', relayedVia: 'trickle', receivedAt: 0 },
  }));
const numbers = (found: readonly Row[] | undefined) => found?.map(({ n }) => n);

describe('the newest envelopes', () => {
  test('those that a reader has still to get are held, however far apart the readers are', () => {
    const recent = new Recent();
    recent.push(rows(1, 10), [0, 0]);
    recent.push(rows(11, 12), [10, 2]);
    expect(numbers(recent.after(2, 3))).toEqual([3, 4, 5]);
    expect(numbers(recent.after(11, 3))).toEqual([12]);
    expect(recent.after(12, 3)).toEqual([]);
  });

  test('what every reader has got is let go of', () => {
    const recent = new Recent();
    recent.push(rows(1, 10), [0, 0]);
    recent.push(rows(11, 12), [10, 10]);
    expect(recent.after(9, 1)).toBeUndefined();
    expect(numbers(recent.after(10, 5))).toEqual([11, 12]);
  });

  test('nothing but the last commit is held while all readers are further behind', () => {
    const recent = new Recent();
    recent.push(rows(1, 40_000), [0]);
    expect(recent.after(0, 1)).toBeUndefined();
    recent.push(rows(40_001, 40_005), [0]);
    expect(recent.after(40_000 - 1, 1)).toBeUndefined();
    expect(numbers(recent.after(40_003, 5))).toEqual([40_004, 40_005]);
  });

  test('it is bounded by bytes, whoever still reads', () => {
    const recent = new Recent();
    for (let n = 1; n <= 10; n++) recent.push(rows(n, n, 1024 * 1024), [0]);
    expect(recent.after(0, 1)).toBeUndefined();
    expect(numbers(recent.after(9, 1))).toEqual([10]);
  });
});
