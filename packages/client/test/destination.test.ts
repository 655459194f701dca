/** Many clients of one service, on a clock that is moved by hand: what an outage does to the service when it is back. EGRESS R8, section 6 "retry storm". */
import { type Sink, SinkError } from '@runnel/protocol';
import { ManualClock, seededRandom } from '@runnel/protocol/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, LaneCore, type LanePolicy, type Outcome } from '../src/lane/core.ts';
import { Destination } from '../src/lane/destination.ts';
import { collectingSink, line, pass, startLoop } from './loop.ts';

const SECOND = 1000;
const ANSWER_MS = 20;
const accepted: Outcome = { kind: 'answered', report: undefined };
const down: Outcome = { kind: 'unavailable', reason: '503' };

interface Load {
  readonly everyMs: number;
  /** Between its requests. */
  readonly periodMs: number;
  readonly count: number;
  readonly untilMs: number;
}

/** A lane that is offered `count` envelopes each `everyMs`, beginning at a random moment, and asks `answer` for what comes of each request. */
class Client {
  readonly requests: { readonly at: number; readonly retry: boolean }[] = [];
  readonly delivered: number[] = [];
  offered = 0;
  readonly #clock: ManualClock;
  readonly #core: LaneCore;
  readonly #answer: () => Outcome;
  #cancel = () => {};

  constructor(clock: ManualClock, policy: LanePolicy, load: Load, destination: Destination, answer: () => Outcome) {
    this.#clock = clock;
    this.#answer = answer;
    this.#core = new LaneCore(policy, destination, () => this.#turn());
    const offer = () => {
      const items = Array.from({ length: load.count }, () => ({
        n: ++this.offered,
        bytes: 100,
        key: '',
        at: clock.now(),
      }));
      this.#core.add(items);
      if (clock.now() < load.untilMs) clock.after(load.everyMs, offer);
      this.#turn();
    };
    clock.after(Math.floor(policy.random() * load.periodMs), offer);
  }

  #turn(): void {
    for (let batch = this.#core.next(this.#clock.now()); batch; batch = this.#core.next(this.#clock.now())) {
      this.#send(batch);
    }
    this.#cancel();
    const due = this.#core.dueAt(this.#clock.now());
    if (Number.isFinite(due))
      this.#cancel = this.#clock.after(Math.max(1, due - this.#clock.now()), () => this.#turn());
  }

  #send(batch: Batch): void {
    this.requests.push({ at: this.#clock.now(), retry: batch.retry });
    const outcome = this.#answer();
    this.#clock.after(ANSWER_MS, () => {
      this.delivered.push(...this.#core.done(batch, outcome, this.#clock.now()).delivered.map(({ n }) => n));
      this.#turn();
    });
  }
}

/** Most requests of any `windowMs`. */
function peak(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (const [nth, at] of times.entries()) {
    while ((times[from] as number) <= at - windowMs) from++;
    most = Math.max(most, nth - from + 1);
  }
  return most;
}

const policy = {
  order: 'all',
  maxBatch: 500,
  maxBytes: 1e9,
  flushMs: 0,
  requestsPerMinute: Number.POSITIVE_INFINITY,
} as const;

interface Shape {
  readonly policy?: Partial<LanePolicy>;
  readonly load: Omit<Load, 'untilMs'>;
  readonly lanes: number;
}

/** A minute and a half of health, a minute of outage, load for two and a half more, and as long as it takes to catch up. */
function runStorm({ policy: more, load, lanes }: Shape, seed: number) {
  const clock = new ManualClock();
  const [settledAt, downAt, upAt, untilMs] = [30 * SECOND, 90 * SECOND, 150 * SECOND, 300 * SECOND];
  const answer = () => (clock.now() >= downAt && clock.now() < upAt ? down : accepted);
  const clients = Array.from({ length: 100 }, (_, nth) => {
    const random = seededRandom(seed * 1000 + nth);
    const destination = new Destination(random);
    const all = { ...policy, ...more, random };
    return Array.from({ length: lanes }, () => new Client(clock, all, { ...load, untilMs }, destination, answer));
  });
  clock.advance(untilMs + 120 * SECOND);
  const times = clients
    .flat()
    .flatMap(({ requests }) => requests.map(({ at }) => at))
    .filter((at) => at >= settledAt)
    .sort((a, b) => a - b);
  const steady = times.filter((at) => at < downAt).length / ((downAt - settledAt) / SECOND);
  return { clients, steady, peak: peak(times, SECOND) };
}

describe('EGRESS 6.6: a hundred clients and an outage of a minute', () => {
  const [full, waiting] = [{ maxBatch: 5 }, { flushMs: 900 }];
  const everySecond = { everyMs: 1000, periodMs: 1000, count: 5 };
  test.each<[string, Shape]>([
    ['batches that are not full', { load: everySecond, lanes: 1 }],
    ['full batches', { policy: full, load: everySecond, lanes: 1 }],
    ['batches that wait to become full', { policy: waiting, load: { ...everySecond, everyMs: 250 }, lanes: 1 }],
    ['two sinks each to one place', { policy: full, load: { everyMs: 2000, periodMs: 2000, count: 5 }, lanes: 2 }],
  ])(
    'EGRESS R8: with %s no second has more than one and a half times the usual requests, and a tenth at most is repeated',
    (_, shape) => {
      const { clients, steady, peak } = runStorm(shape, 7);
      expect(peak / steady).toBeLessThanOrEqual(1.5);
      for (const lanes of clients) {
        const requests = lanes.flatMap((lane) => lane.requests);
        const batches = requests.filter(({ retry }) => !retry).length;
        expect(requests.length / batches).toBeLessThanOrEqual(1.1);
        for (const { offered, delivered } of lanes)
          expect(delivered).toEqual(Array.from({ length: offered }, (_, at) => at + 1));
      }
    },
    120_000,
  );
});

describe('EGRESS 6.6: lanes to one place', () => {
  const item = (n: number) => ({ n, bytes: 1, key: '', at: 0 });

  /** Lanes that share a destination, each with something to send. */
  function lanes(count: number) {
    const destination = new Destination(() => 0.5);
    const backs: number[] = [];
    const all = { ...policy, maxBatch: 1, random: () => 0.5 };
    const cores = Array.from({ length: count }, (_, nth) => new LaneCore(all, destination, () => backs.push(nth)));
    for (const core of cores) core.add(Array.from({ length: 50 }, (_, at) => item(at + 1)));
    return { cores, backs };
  }
  const nextOf = (core: LaneCore | undefined, now: number) => core?.next(now) as Batch;

  test('in an outage one of them asks, and when it is answered the others go on at once', () => {
    const { cores, backs } = lanes(3);
    for (const core of cores) core.done(nextOf(core, 0), down, 0);
    let requests = 0;
    for (let now = 0; now < 60 * SECOND; now += 100) {
      const asking = cores.flatMap((core) => {
        const batch = core.next(now);
        return batch ? [{ core, batch }] : [];
      });
      expect(asking.length).toBeLessThanOrEqual(1);
      for (const { core, batch } of asking) core.done(batch, down, now);
      requests += asking.length;
    }
    // As many as one lane alone would make.
    expect(requests).toBeLessThanOrEqual(8);
    const asked = Math.min(...cores.map((core) => core.dueAt(60 * SECOND)));
    const prober = cores.findIndex((core) => core.dueAt(60 * SECOND) === asked);
    const batch = nextOf(cores[prober], asked);
    // While that one asks, the others wait for what comes of it.
    for (const core of cores) expect(core.dueAt(asked)).toBeGreaterThan(asked);
    for (const [nth, core] of cores.entries())
      if (nth !== prober) expect(core.next(asked + 10 * SECOND)).toBeUndefined();
    cores[prober]?.done(batch, accepted, asked);
    expect(backs).toEqual([0, 1, 2].filter((nth) => nth !== prober));
    for (const core of cores) expect(core.dueAt(asked)).toBeLessThanOrEqual(asked + SECOND);
  });

  test('one that fails alone holds up no other for longer than is usual between requests', () => {
    const { cores } = lanes(2);
    const [failing, healthy] = cores as [LaneCore, LaneCore];
    for (let now = 0; now < 20 * SECOND; now += 500) {
      const bad = failing.next(now);
      if (bad) failing.done(bad, down, now);
      expect(healthy.dueAt(now)).toBeLessThanOrEqual(now + 400);
      healthy.done(nextOf(healthy, now + 400), accepted, now + 400);
    }
  });

  test('they share a budget: a tenth is repeated, whoever repeats it', () => {
    const { cores } = lanes(4);
    let retries = 0;
    for (let now = 0; now < 20 * SECOND; now += 10) {
      for (const core of cores) {
        const batch = core.next(now);
        if (batch?.retry) retries++;
        // Never twice in a row, so that it is no outage.
        if (batch)
          core.done(batch, batch.retry ? accepted : { kind: 'throttled', reason: '429', retryAfterMs: 0 }, now);
      }
    }
    expect(retries).toBeGreaterThanOrEqual(10);
    expect(retries).toBeLessThanOrEqual(12);
  });

  test('one that is asked to slow down again and again does not keep the others from asking, in an outage either', () => {
    const { cores } = lanes(2);
    const [limited, healthy] = cores as [LaneCore, LaneCore];
    for (let now = 0, failures = 0; failures < 3; now += 100) {
      const batch = limited.next(now);
      if (batch) {
        failures++;
        limited.done(batch, down, now);
      }
    }
    let taken = 0;
    for (let now = 0; now < 600 * SECOND; now += 1) {
      // The one that is refused is always the first to look.
      const batch = limited.next(now);
      if (batch) limited.done(batch, { kind: 'throttled', reason: '429', retryAfterMs: 60_000 }, now);
      const other = healthy.next(now);
      if (other) {
        healthy.done(other, accepted, now);
        taken++;
      }
    }
    expect(taken).toBeGreaterThanOrEqual(5);
  });

  test('a batch that was withheld whole was no request: nobody waits for what comes of it', () => {
    const { cores } = lanes(2);
    const [stale, other] = cores as [LaneCore, LaneCore];
    let now = 0;
    for (let failures = 0; failures < 4; now += 100) {
      const batch = stale.next(now);
      if (batch) {
        failures++;
        stale.done(batch, down, now);
      }
    }
    now = stale.dueAt(now);
    const batch = nextOf(stale, now);
    expect(other.dueAt(now)).toBeGreaterThan(now);
    expect(stale.withhold(batch, new Set(batch.items.map(({ n }) => n)))).toBeUndefined();
    expect(other.dueAt(now)).toBe(now);
    expect(other.next(now)).toBeDefined();
  });

  test('EGRESS R1: whatever happens to some of them, each delivers everything, once and in order', () => {
    const kinds = fc.constantFrom('unavailable' as const, 'throttled' as const, 'accept' as const);
    const trouble = fc.record({
      kind: kinds,
      lane: fc.integer({ min: 0, max: 2 }),
      forMs: fc.integer({ min: 1, max: 90_000 }),
    });
    const load = fc.record({ everyMs: fc.integer({ min: 50, max: 5000 }), count: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(
        fc.array(trouble, { maxLength: 8 }),
        fc.array(load, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (troubles, loads, seed) => {
          const clock = new ManualClock();
          const random = seededRandom(seed);
          const destination = new Destination(random);
          let from = 0;
          const windows = troubles.map((each) => {
            const window = { ...each, from, to: from + each.forMs };
            from = window.to;
            return window;
          });
          const clients = loads.map(({ everyMs, count }, lane) => {
            const answer = (): Outcome => {
              const window = windows.find(({ from, to }) => clock.now() >= from && clock.now() < to);
              // An odd lane number hits that lane alone, an even one all of them.
              if (!window || window.kind === 'accept' || (window.lane % 2 === 1 && window.lane !== lane))
                return accepted;
              return { kind: window.kind, reason: window.kind, retryAfterMs: 2000 };
            };
            const all = { ...policy, maxBatch: 10, random };
            return new Client(
              clock,
              all,
              { everyMs, periodMs: everyMs, count, untilMs: from + 10_000 },
              destination,
              answer,
            );
          });
          clock.advance(from + 12 * 3600 * SECOND);
          for (const { offered, delivered } of clients)
            expect(delivered).toEqual(Array.from({ length: offered }, (_, at) => at + 1));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test('of three sinks the two that name one destination wait when one of them is asked to', async () => {
    const clock = new ManualClock();
    const sinkTo = (name: string, destination: string) => ({
      ...collectingSink(name),
      traits: { order: 'all' as const, destination },
    });
    const [a, b, c] = [sinkTo('a', 'x'), sinkTo('b', 'x'), sinkTo('c', 'y')];
    let asked = false;
    const busy: Sink = {
      ...a,
      async send(batch, signal) {
        if (!asked) {
          asked = true;
          throw new SinkError('throttled', '429', { retryAfterMs: 7000 });
        }
        await a.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ clock, sinks: [busy, b, c] });
    relay.open('demo');
    const runner = events('demo');
    void runner.write(line(1));
    await pass(clock, () => asked && c.envelopes.length === 1, 5);
    const at = clock.now();
    void runner.write(line(2));
    await pass(clock, () => c.envelopes.length === 2, 5);
    await pass(clock, () => clock.now() >= at + 6900, 5);
    expect([a.envelopes.length, b.envelopes.length]).toEqual([0, 1]);
    await pass(clock, () => a.envelopes.length === 2 && b.envelopes.length === 2, 5);
    expect(clock.now()).toBeLessThan(at + 8000);
  });
});
