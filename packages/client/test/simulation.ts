/** A destination with a schedule of faults, and a clock, for the core's tests: everything that the destination saw is remembered. */
import { seededRandom } from '@runnel/protocol/testing';
import { type Batch, type Item, LaneCore, type LanePolicy, type Outcome } from '../src/lane/core.ts';

export type Answer = Outcome;

export interface Fault {
  readonly kind: 'unavailable' | 'lost' | 'throttled' | 'unauthorized' | 'too_large' | 'partly' | 'accept';
  /** For so many requests. */
  readonly count: number;
  readonly retryAfterMs?: number;
  /** Of `too_large`: a batch of so many is taken. */
  readonly most?: number;
  /** Of `partly`: keys that are not taken this time. */
  readonly failing?: readonly string[];
}

export interface Schedule extends Omit<LanePolicy, 'random'> {
  readonly arrivals: readonly { readonly afterMs: number; readonly keys: readonly string[] }[];
  readonly faults: readonly Fault[];
  readonly sendMs: number;
  /** Numbers that are refused whenever they come, alone or with others. */
  readonly poison: readonly number[];
  readonly seed: number;
}

/** Runs the schedule to its end; the destination is well after its last fault. Throws if that takes longer than a week. */
export function simulate(schedule: Schedule) {
  const random = seededRandom(schedule.seed);
  const core = new LaneCore({ ...schedule, random });
  const offered: Item[] = [];
  const delivered: number[] = [];
  const dead: number[] = [];
  const sent: (readonly number[])[] = [];
  const times: number[] = [];
  const clashes: string[] = [];
  const early: string[] = [];
  const faults = schedule.faults.flatMap((fault) => Array.from({ length: fault.count }, () => fault));
  const inFlight = new Map<Batch, { at: number; outcome: Outcome }>();
  let arrivals = schedule.arrivals.map(({ keys }, nth) => ({
    keys,
    at: schedule.arrivals.slice(0, nth + 1).reduce((sum, { afterMs }) => sum + afterMs, 0),
  }));
  let now = 0;
  let notBefore = 0;
  let renewAt = Number.POSITIVE_INFINITY;

  function step(): void {
    for (const { keys } of arrivals.filter(({ at }) => at <= now)) {
      const items = keys.map((key, nth) => ({
        n: offered.length + nth + 1,
        bytes: 20 + Math.floor(random() * 60),
        key,
        at: now,
      }));
      offered.push(...items);
      core.add(items);
    }
    arrivals = arrivals.filter(({ at }) => at > now);
    for (const [batch, { at, outcome }] of [...inFlight].sort((a, b) => a[1].at - b[1].at)) {
      if (at > now) continue;
      inFlight.delete(batch);
      const settled = core.done(batch, outcome, now);
      delivered.push(...settled.delivered.map(({ n }) => n));
      dead.push(...settled.dead.map(({ item }) => item.n));
      if (outcome.kind === 'throttled')
        notBefore = Math.max(notBefore, now + Math.min(outcome.retryAfterMs ?? 60_000, 300_000));
      if (outcome.kind === 'unauthorized') renewAt = now + 5000;
    }
    if (renewAt <= now) {
      renewAt = Number.POSITIVE_INFINITY;
      core.renewed(now);
    }
    for (let batch = core.next(now); batch; batch = core.next(now)) send(batch);
  }

  function send(batch: Batch): void {
    if (now < notBefore) early.push(`${now} < ${notBefore}`);
    if (core.paused) early.push(`${now}: paused`);
    const keys = new Set(batch.items.map(({ key }) => key));
    for (const other of inFlight.keys()) {
      if (schedule.order === 'all') clashes.push('two batches in flight');
      if (schedule.order === 'key' && other.items.some(({ key }) => keys.has(key)))
        clashes.push('a key in two batches');
    }
    times.push(now);
    sent.push(batch.items.map(({ n }) => n));
    inFlight.set(batch, { at: now + Math.floor(random() * schedule.sendMs), outcome: answer(batch, faults.shift()) });
  }

  function answer({ items }: Batch, fault: Fault | undefined): Outcome {
    switch (fault?.kind) {
      case 'unavailable':
      case 'lost':
        return { kind: 'unavailable', reason: fault.kind };
      case 'throttled':
        return { kind: 'throttled', reason: '429', retryAfterMs: fault.retryAfterMs };
      case 'unauthorized':
        return { kind: 'unauthorized', reason: '401' };
      case 'too_large':
        if (items.length > Math.max(1, fault.most ?? 1)) return { kind: 'too_large', reason: '413' };
    }
    if (items.some(({ n }) => schedule.poison.includes(n))) return { kind: 'refused', reason: '400', status: 400 };
    const failing = new Set(fault?.failing);
    const fails = (place: number) => failing.has((items[place] as Item).key);
    const places = [...items.keys()];
    // Who promises the order of all takes nothing behind what it does not take.
    const retry =
      schedule.order === 'all'
        ? places.filter((place) => places.slice(0, place + 1).some(fails))
        : places.filter(fails);
    return { kind: 'answered', report: retry.length > 0 ? { retry } : undefined };
  }

  for (let steps = 0; ; steps++) {
    step();
    const next = Math.min(
      core.dueAt(now),
      renewAt,
      ...arrivals.map(({ at }) => at),
      ...[...inFlight.values()].map(({ at }) => at),
    );
    if (!Number.isFinite(next)) break;
    if (now > 7 * 86_400_000 || steps > 100_000)
      throw new Error(`not done at ${now} ms, after ${sent.length} requests`);
    now = Math.max(now + 1, Math.ceil(next));
  }
  const { requestsPerMinute } = schedule;
  const tooOften = times.filter(
    (at, nth) => nth >= requestsPerMinute && at - (times[nth - requestsPerMinute] as number) < 60_000,
  );
  return { offered, delivered, dead, sent, clashes, early, tooOften, settledTo: core.settledTo };
}
