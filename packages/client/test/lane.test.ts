/** The lane's core against a destination that does what a random schedule says. EGRESS R1: `RUNS=100000 npm run schedules`. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LaneCore, type LanePolicy } from '../src/lane/core.ts';
import { type Answer, type Schedule, simulate } from './simulation.ts';

const runs = Number(process.env.RUNS ?? 1500);

const poison = fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 6 });
const fault = fc.oneof(
  fc.record({ kind: fc.constantFrom('unavailable' as const, 'lost' as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant('throttled' as const),
    count: fc.integer({ min: 1, max: 3 }),
    retryAfterMs: fc.integer({ min: 0, max: 400_000 }),
  }),
  fc.record({ kind: fc.constant('unauthorized' as const), count: fc.constant(1) }),
  fc.record({
    kind: fc.constant('too_large' as const),
    count: fc.integer({ min: 1, max: 30 }),
    most: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    kind: fc.constant('partly' as const),
    count: fc.integer({ min: 1, max: 6 }),
    failing: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('accept' as const), count: fc.integer({ min: 1, max: 5 }) }),
);
const schedule: fc.Arbitrary<Schedule> = fc.record({
  order: fc.constantFrom('all' as const, 'key' as const, 'none' as const),
  maxBatch: fc.integer({ min: 1, max: 20 }),
  maxBytes: fc.integer({ min: 50, max: 2000 }),
  flushMs: fc.constantFrom(0, 0, 500),
  requestsPerMinute: fc.constantFrom(Number.POSITIVE_INFINITY, 60, 600),
  arrivals: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 3000 }),
      keys: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }),
    }),
    { maxLength: 10 },
  ),
  faults: fc.array(fault, { maxLength: 12 }),
  sendMs: fc.integer({ min: 0, max: 3000 }),
  poison,
  seed: fc.integer(),
});

describe('EGRESS R1: under random schedules of faults', () => {
  test(
    'EGRESS R1, R10, 6.11: every envelope is delivered or dead, once, in order, and what is dead was refused alone',
    () => {
      fc.assert(
        fc.property(schedule, (given) => {
          const { offered, delivered, dead, sent, clashes, early, tooOften, settledTo } = simulate(given);
          expect([...delivered, ...dead].sort((a, b) => a - b)).toEqual(offered.map(({ n }) => n));
          expect(clashes).toEqual([]);
          expect(early).toEqual([]);
          expect(tooOften).toEqual([]);
          expect(settledTo).toBe(Number.POSITIVE_INFINITY);
          for (const n of dead) expect(given.poison).toContain(n);
          for (const batch of sent) expect(batch.length).toBeLessThanOrEqual(given.maxBatch);
          const keyOf = new Map(offered.map(({ n, key }) => [n, key]));
          if (given.order === 'all') expect(delivered).toEqual([...delivered].sort((a, b) => a - b));
          if (given.order === 'key') {
            for (const key of ['a', 'b', 'c']) {
              const ofKey = delivered.filter((n) => keyOf.get(n) === key);
              expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
            }
          }
        }),
        { numRuns: runs },
      );
    },
    20_000 + runs * 20,
  );
});

const policy: LanePolicy = {
  order: 'all',
  maxBatch: 500,
  maxBytes: 1e9,
  flushMs: 0,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  random: () => 0.999,
};
const items = (count: number, key = '') =>
  Array.from({ length: count }, (_, at) => ({ n: at + 1, bytes: 10, key, at: 0 }));

/** Sends everything through `answer`; returns the sizes of the requests and when each was. */
function run(core: LaneCore, answer: (numbers: readonly number[], now: number) => Answer, until = 1e9) {
  const requests: { size: number; at: number }[] = [];
  const dead: number[] = [];
  let delivered = 0;
  for (let now = 0; now < until && !core.idle; ) {
    const batch = core.next(now);
    if (batch) {
      requests.push({ size: batch.items.length, at: now });
      const settled = core.done(
        batch,
        answer(
          batch.items.map(({ n }) => n),
          now,
        ),
        now,
      );
      delivered += settled.delivered.length;
      dead.push(...settled.dead.map(({ item }) => item.n));
    } else {
      const due = core.dueAt(now);
      if (!Number.isFinite(due)) break;
      now = Math.max(now + 1, Math.ceil(due));
    }
  }
  return { requests, dead, delivered };
}
const accepted: Answer = { kind: 'answered', report: undefined };
const refused: Answer = { kind: 'refused', reason: 'bad', status: 400 };

describe('the lane', () => {
  test('EGRESS 2.10, 6.5, R6: one poison of 500, wherever it is, costs at most 19 requests, and 499 are delivered', () => {
    for (let at = 1; at <= 500; at++) {
      const core = new LaneCore(policy);
      core.add(items(500));
      const { requests, dead, delivered } = run(core, (numbers) => (numbers.includes(at) ? refused : accepted));
      expect(dead).toEqual([at]);
      expect(delivered).toBe(499);
      expect(requests.length).toBeLessThanOrEqual(19);
    }
  });

  test('EGRESS 2.9, 6.12: after a 413 halves are sent until they fit; the batch grows back once they do', () => {
    const core = new LaneCore({ ...policy, maxBatch: 64 });
    const sizes: number[] = [];
    let healthy = false;
    for (let round = 0; round < 100; round++) {
      core.add(items(64).map((item) => ({ ...item, n: item.n + round * 64 })));
      const { requests } = run(core, (numbers) =>
        !healthy && numbers.length > 10 ? { kind: 'too_large', reason: '413' } : accepted,
      );
      sizes.push(...requests.map(({ size }) => size));
      if (round === 5) healthy = true;
    }
    expect(sizes.slice(0, 4)).toEqual([64, 32, 16, 8]);
    expect(sizes.slice(-3)).toEqual([64, 64, 64]);
  });

  test('EGRESS 2.9: an envelope that is too large alone is dead, and not sent again', () => {
    const core = new LaneCore(policy);
    core.add(items(3));
    const { dead, requests } = run(core, (numbers) =>
      numbers.includes(2) ? { kind: 'too_large', reason: '413' } : accepted,
    );
    expect(dead).toEqual([2]);
    expect(requests.length).toBeLessThanOrEqual(5);
  });

  test('EGRESS 2.6: a batch that fails is sent again after at most 1, 2, 4 … 60 s, and an hour of outage loses nothing', () => {
    const core = new LaneCore(policy);
    core.add(items(10));
    const { requests, delivered } = run(core, (_, now) =>
      now < 3_600_000 ? { kind: 'unavailable', reason: '503' } : accepted,
    );
    const gaps = requests.slice(1).map(({ at }, nth) => at - (requests[nth]?.at ?? 0));
    expect(gaps.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 60].map((s) => Math.ceil(s * 999)));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
    expect(delivered).toBe(10);
  });

  test('EGRESS 2.5: a batch that was taken resets the pauses', () => {
    const core = new LaneCore({ ...policy, maxBatch: 1 });
    core.add(items(2));
    let failures = 3;
    const { requests } = run(core, (numbers) => {
      if (numbers.includes(2) && failures === 0) failures = 1;
      return failures-- > 0 ? { kind: 'unavailable', reason: '503' } : accepted;
    });
    const gaps = requests.slice(1).map(({ at }, nth) => at - (requests[nth]?.at ?? 0));
    expect(gaps.slice(0, 3)).toEqual([999, 1998, 3996]);
    expect(gaps.at(-1)).toBeLessThanOrEqual(999);
  });

  test('EGRESS 2.11: what is refused whole for ever is dead, one by one, and holds up nothing', () => {
    const core = new LaneCore({ ...policy, maxBatch: 8 });
    core.add(items(16));
    const { dead, requests } = run(
      core,
      (numbers) => (numbers.some((n) => n <= 8) ? { kind: 'refused', reason: '404', status: 404 } : accepted),
      10,
    );
    expect(dead).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(requests).toHaveLength(16);
  });

  test('EGRESS 2.12: a batch that is over the bytes is split until each part fits, also when a half is still too big', () => {
    const core = new LaneCore(policy);
    core.add(items(100));
    const { requests, delivered } = run(core, (numbers) =>
      numbers.length * 10 > 130 ? { kind: 'too_large', reason: 'a body over the limit' } : accepted,
    );
    expect(delivered).toBe(100);
    expect(requests.slice(0, 4).map(({ size }) => size)).toEqual([100, 50, 25, 13]);
  });

  test('EGRESS 2.4: batches are full while enough waits; fewer wait for the interval; nothing waits, nothing is sent', () => {
    const core = new LaneCore({ ...policy, flushMs: 2000 });
    expect([core.next(0), core.dueAt(0)]).toEqual([undefined, Number.POSITIVE_INFINITY]);
    core.add(items(1010));
    const { requests } = run(core, () => accepted);
    expect(requests).toEqual([
      { size: 500, at: 0 },
      { size: 500, at: 0 },
      { size: 10, at: 2000 },
    ]);
  });

  test.each([7000, 0, 86_400_000, undefined])(
    'EGRESS 2.8, 6.7: Retry-After %s is kept to, capped, and not overslept by more than a tenth',
    (retryAfterMs) => {
      const core = new LaneCore(policy);
      core.add(items(1));
      const { requests } = run(core, (_, now) =>
        now === 0 ? { kind: 'throttled', reason: '429', retryAfterMs } : accepted,
      );
      const asked = Math.min(retryAfterMs ?? 60_000, 300_000);
      expect(requests[1]?.at).toBeGreaterThanOrEqual(asked);
      expect(requests[1]?.at).toBeLessThanOrEqual(asked * 1.1 + 1);
    },
  );

  test('EGRESS 2.8: no minute has more requests than agreed, whatever they come to', () => {
    const core = new LaneCore({ ...policy, maxBatch: 1, requestsPerMinute: 30 });
    core.add(items(100));
    const { requests } = run(core, (_, now) => (now % 7 === 0 ? { kind: 'unavailable', reason: '503' } : accepted));
    for (const { at } of requests) {
      expect(requests.filter((each) => each.at >= at && each.at < at + 60_000).length).toBeLessThanOrEqual(30);
    }
  });

  test('EGRESS 2.7: while the credentials are refused nothing is sent; once they are renewed everything is', () => {
    const core = new LaneCore(policy);
    core.add(items(5));
    const { requests } = run(core, () => ({ kind: 'unauthorized', reason: '401' }));
    expect(requests).toHaveLength(1);
    expect([core.paused, core.dueAt(10)]).toEqual([true, Number.POSITIVE_INFINITY]);
    core.renewed(500);
    expect(core.dueAt(500)).toBe(500);
    expect(core.next(500)?.items).toHaveLength(5);
  });

  test('EGRESS 3.18: a key that fails is parked, and the others go on', () => {
    const core = new LaneCore({ ...policy, order: 'key', maxBatch: 4 });
    const mixed = items(40).map((item) => ({ ...item, key: item.n % 4 === 0 ? 'bad' : `good${item.n % 4}` }));
    core.add(mixed);
    const { delivered } = run(
      core,
      (numbers) => {
        const retry = [...numbers.keys()].filter((place) => (numbers[place] as number) % 4 === 0);
        if (retry.length === numbers.length) return { kind: 'unavailable', reason: 'hung' };
        return { kind: 'answered', report: { retry } };
      },
      10,
    );
    expect(delivered).toBe(30);
    expect(core.settledTo).toBe(Number.POSITIVE_INFINITY);
    expect(core.idle).toBe(false);
  });

  test('EGRESS 2.7: several batches in flight that are refused for their credentials are one refusal', () => {
    const core = new LaneCore({ ...policy, order: 'none', maxBatch: 1 });
    core.add(items(4));
    const batches = Array.from({ length: 4 }, () => core.next(0));
    for (const batch of batches) if (batch) core.done(batch, { kind: 'unauthorized', reason: '401' }, 1);
    for (const _ of batches) core.renewed(500);
    expect(core.dueAt(500)).toBe(500);
  });

  test('EGRESS 2.11, 3.18: of a key that failed, what is refused is dead as fast as of any, since who refuses is there', () => {
    const core = new LaneCore({ ...policy, order: 'key' });
    core.add(items(30, 'k'));
    let down = true;
    const { requests, dead } = run(core, () => {
      const answer: Answer = down ? { kind: 'unavailable', reason: 'hung' } : refused;
      down = false;
      return answer;
    });
    expect(dead).toHaveLength(30);
    expect(requests.at(-1)?.at).toBeLessThan(10_000);
  });

  test('EGRESS 6.6: after an outage requests follow each other hardly faster than before it', () => {
    const core = new LaneCore({ ...policy, maxBatch: 5 });
    let n = 0;
    const offer = (count: number, now: number) =>
      core.add(Array.from({ length: count }, () => ({ n: ++n, bytes: 1, key: '', at: now })));
    const times: number[] = [];
    for (let now = 0; now < 200_000; now += 10) {
      if (now % 500 === 0) offer(5, now);
      for (let batch = core.next(now); batch; batch = core.next(now)) {
        times.push(now);
        core.done(batch, now > 60_000 && now < 120_000 ? { kind: 'unavailable', reason: '503' } : accepted, now);
      }
    }
    const perSecond = (from: number, to: number) =>
      times.filter((at) => at >= from && at < to).length / ((to - from) / 1000);
    expect(perSecond(10_000, 60_000)).toBeCloseTo(2, 0);
    for (let from = 120_000; from < 190_000; from += 1000)
      expect(perSecond(from, from + 1000)).toBeLessThanOrEqual(from < 180_000 ? 3 : 4);
    expect(times.filter((at) => at >= 60_000 && at < 120_000).length).toBeLessThanOrEqual(15);
  });
});
