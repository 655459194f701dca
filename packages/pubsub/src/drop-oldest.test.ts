import { expect, test } from 'vitest';
import { DropOldest } from './index.ts';

test('items leave in the order they came', () => {
  const ring = new DropOldest<number>(4);
  for (const item of [1, 2, 3]) ring.push(item);
  expect([ring.shift(), ring.shift(), ring.shift(), ring.shift()]).toEqual([1, 2, 3, undefined]);
});

test('when it is full the oldest leaves for the newest, and is handed back', () => {
  const ring = new DropOldest<number>(3);
  const evicted = [1, 2, 3, 4, 5].map((item) => ring.push(item));
  expect(evicted).toEqual([undefined, undefined, undefined, 1, 2]);
  expect([ring.length, ring.drain()]).toEqual([3, [3, 4, 5]]);
});

test('drain takes as many as there are, or as asked', () => {
  const ring = new DropOldest<number>(8);
  for (let item = 0; item < 6; item++) ring.push(item);
  expect(ring.drain(2)).toEqual([0, 1]);
  expect(ring.drain(100)).toEqual([2, 3, 4, 5]);
  expect(ring.drain()).toEqual([]);
});

test('clear forgets everything', () => {
  const ring = new DropOldest<number>(2);
  ring.push(1);
  ring.clear();
  expect([ring.length, ring.shift(), ring.push(2), ring.shift()]).toEqual([0, undefined, undefined, 2]);
});

test('it is a queue whatever is done to it', () => {
  for (const capacity of [1, 2, 3, 1_500, 5_000]) {
    const ring = new DropOldest<number>(capacity);
    const plain: number[] = [];
    for (let step = 0, seed = capacity; step < 20_000; step++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      if (seed % 7 < 5) {
        const evicted = plain.length === capacity ? plain.shift() : undefined;
        plain.push(step);
        expect(ring.push(step)).toBe(evicted);
      } else expect(ring.shift()).toBe(plain.shift());
    }
    expect(ring.length).toBe(plain.length);
    expect(ring.drain()).toEqual(plain);
  }
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%s is no capacity', (capacity) => {
  expect(() => new DropOldest(capacity)).toThrow(RangeError);
});
