import { expect, test } from 'vitest';
import { CaptureRing } from './capture-ring.ts';

const push = (ring: CaptureRing, from: number, to: number) => {
  for (let seq = from; seq <= to; seq++) ring.push(seq, seq + 0.5, `t${seq}`, { seq });
};
const take = (ring: CaptureRing, count: number) => Array.from({ length: count }, () => ring.shift());
const captures = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n).map((seq) => ({
    seq,
    at: seq + 0.5,
    type: `t${seq}`,
    data: { seq },
  }));

test('gives what it was given, in order, also where it grew while its beginning was in the middle', () => {
  const ring = new CaptureRing(5000);
  push(ring, 1, 1000);
  expect(take(ring, 600)).toEqual(captures(1, 600));
  push(ring, 1001, 4000);
  expect(ring.length).toBe(3400);
  expect(take(ring, 3400)).toEqual(captures(601, 4000));
  expect(ring.shift()).toBeUndefined();
});

test('the oldest leaves where it is full; after clear it is empty', () => {
  const ring = new CaptureRing(3);
  push(ring, 1, 10);
  expect(ring.length).toBe(3);
  expect(ring.shift()).toEqual(captures(8, 8)[0]);
  ring.clear();
  expect(ring.shift()).toBeUndefined();
  push(ring, 11, 12);
  expect(take(ring, 2)).toEqual(captures(11, 12));
  expect(() => new CaptureRing(0)).toThrow(RangeError);
});
