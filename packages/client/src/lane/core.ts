/**
 * What a lane does next: which envelopes go out together, which again, which alone, which never. Pure and synchronous: time and chance are handed in, so
 * that random schedules of faults can be run through it by the hundred thousand. EGRESS section 2 and R1.
 */
import type { SendReport, SinkErrorKind } from '@runnel/protocol';
import type { Row } from '../journal/row.ts';
import { BatchLimit } from './batch-limit.ts';
import { Destination } from './destination.ts';
import { Gate } from './gate.ts';
import { OpenNumbers } from './open-numbers.ts';
import { type ParkedKey, Parking } from './parking.ts';

/** An envelope, as far as it matters here. */
export interface Item {
  readonly n: number;
  readonly bytes: number;
  /** What keeps its order; all alike unless the lane is ordered by key. */
  readonly key: string;
  /** When it was offered. */
  readonly at: number;
  /** What the caller keeps with it. */
  row?: Row | undefined;
}

export interface Batch {
  readonly items: readonly Item[];
  /** The key it is of, if that is parked. */
  readonly parked: string | undefined;
  /** Whether it, or what it was cut from, failed before. */
  readonly retry: boolean;
}

/** What came of a batch. */
export type Outcome =
  | { readonly kind: 'answered'; readonly report: SendReport | undefined }
  | {
      readonly kind: SinkErrorKind;
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      readonly status?: number | undefined;
      readonly response?: string | undefined;
    };

/** What is settled by it. */
export interface Settled {
  readonly delivered: readonly Item[];
  readonly dead: readonly {
    readonly item: Item;
    readonly reason: string;
    readonly status: number | undefined;
    readonly response: string | undefined;
  }[];
  /** How many of those delivered were refused after all, nobody knows which. */
  readonly unnamed: number;
  /** Newly parked. */
  readonly parked: readonly Item[];
}

export interface LanePolicy {
  readonly order: 'all' | 'key' | 'none';
  readonly maxBatch: number;
  readonly maxBytes: number;
  readonly flushMs: number;
  readonly requestsPerMinute: number;
  readonly random: () => number;
}

/** Batches in flight of a sink without order. */
export const MOST_IN_FLIGHT = 4;
/** Envelopes parked, over all keys; then nothing new is taken until some of them are settled. */
const MOST_PARKED = 100_000;
/** After so many batches in a row that failed whole, it is the destination that fails and not a key. */
const KEYS_DOUBTED = 2;

const NOTHING: Settled = { delivered: [], dead: [], unnamed: 0, parked: [] };

export class LaneCore {
  readonly #policy: LanePolicy;
  readonly #gate: Gate;
  readonly #limit: BatchLimit;
  readonly #parking = new Parking();
  /** Offered and in no batch yet. */
  #waiting: Item[] = [];
  /** Batches that failed, or parts of them, in the order in which they go out again. */
  #again: Batch[] = [];
  readonly #inFlight = new Set<Batch>();
  /** Offered and neither settled nor parked. */
  readonly #open = new OpenNumbers();
  /** How many batches a sink without order may have in flight: one after a failure, one more with each success. */
  #window = MOST_IN_FLIGHT;
  #flush = false;

  /** Whether nothing more is offered before something is settled: for as long no batch waits to become full. The caller says so. */
  handIsFull = false;

  /** `onBack` is called when `next` may give a batch sooner than `dueAt` said, since another lane found its destination back. */
  constructor(policy: LanePolicy, destination = new Destination(policy.random), onBack = () => {}) {
    this.#policy = policy;
    this.#gate = new Gate({ ...policy, destination, onBack });
    this.#limit = new BatchLimit(policy.maxBatch);
  }

  /** It is used no more, and its destination forgets it. */
  leave(): void {
    this.#gate.leave();
  }

  /** How many envelopes it would take now. */
  get wanted(): number {
    const { order, maxBatch } = this.#policy;
    if (this.#parking.count >= MOST_PARKED) return 0;
    return Math.max(0, maxBatch * (order === 'none' ? MOST_IN_FLIGHT : 2) - this.#waiting.length);
  }

  /** All up to this number are settled or parked; Infinity if all that were offered are. */
  get settledTo(): number {
    const { lowest } = this.#open;
    return lowest === undefined ? Number.POSITIVE_INFINITY : lowest - 1;
  }

  get idle(): boolean {
    return this.#open.size === 0 && this.#inFlight.size === 0 && this.#parking.count === 0;
  }

  get paused(): boolean {
    return this.#gate.paused;
  }

  /** Most envelopes of the next batch. */
  get batchLimit(): number {
    return this.#limit.now;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Takes envelopes, each with a higher number than those before. Returns those that are parked at once, since their key is. */
  add(items: readonly Item[]): readonly Item[] {
    const parked: Item[] = [];
    for (const item of items) {
      if (this.#policy.order === 'key' && this.#parking.has(item.key)) {
        this.#parking.park(item.key, [item], 0);
        parked.push(item);
      } else {
        this.#open.open(item.n);
        this.#waiting.push(item);
      }
    }
    return parked;
  }

  /** Takes envelopes that were parked before this start, or are sent again at a person's wish. */
  addParked(items: readonly Item[], now: number): void {
    for (const [key, ofKey] of Map.groupBy(items, (item) => item.key)) this.#parking.park(key, ofKey, now);
  }

  /** Envelopes that are parked are gone. */
  gone(numbers: readonly number[]): void {
    const gone = new Set(numbers);
    for (const key of this.#parking.keys()) this.#parking.remove(key, gone);
  }

  /** From now on no batch waits to become full. */
  flush(): void {
    this.#flush = true;
  }

  /** The next batch to be sent, now; `done` takes what comes of it. Undefined if there is none now. */
  next(now: number): Batch | undefined {
    const batch = this.#nextFresh(now) ?? this.#nextParked(now);
    if (!batch) return undefined;
    this.#inFlight.add(batch);
    this.#gate.sent(now, batch.retry);
    return batch;
  }

  /** When `next` may give a batch without anything else happening; Infinity if never. */
  dueAt(now: number): number {
    let due = Number.POSITIVE_INFINITY;
    if (this.#freshIsFree) due = this.#freshAt(now);
    if (this.#parkedIsFree) due = Math.min(due, this.#parkedAt(now));
    return due;
  }

  /** The credentials are others than when the lane paused. */
  renewed(now: number): void {
    this.#gate.renewed(now);
  }

  /** Takes envelopes out of the batch that `next` gave last, which was not sent yet. Returns what is left of it, undefined if nothing is. */
  withhold(batch: Batch, numbers: ReadonlySet<number>): Batch | undefined {
    this.#inFlight.delete(batch);
    for (const n of numbers) this.#open.close(n);
    if (batch.parked !== undefined) this.#unpark(batch.parked, numbers);
    const items = batch.items.filter(({ n }) => !numbers.has(n));
    if (items.length === 0) {
      this.#gate.unsent();
      return undefined;
    }
    const rest = { ...batch, items };
    this.#inFlight.add(rest);
    const key = batch.parked === undefined ? undefined : this.#parking.get(batch.parked);
    if (key) key.inFlight = true;
    return rest;
  }

  /** What came of a batch that `next` gave. */
  done(batch: Batch, outcome: Outcome, now: number): Settled {
    this.#inFlight.delete(batch);
    const settled =
      batch.parked === undefined
        ? this.#freshDone(batch, outcome, now)
        : this.#parkedDone(batch, batch.parked, outcome, now);
    for (const { n } of settled.delivered) this.#open.close(n);
    for (const { item } of settled.dead) this.#open.close(item.n);
    return settled;
  }

  get #freshIsFree(): boolean {
    const { order } = this.#policy;
    if (order === 'none') return this.#inFlight.size < this.#window;
    if (order === 'all') return this.#inFlight.size === 0;
    return ![...this.#inFlight].some(({ parked }) => parked === undefined);
  }

  /** A parked key goes out beside the others, so that one that hangs delays nobody. */
  get #parkedIsFree(): boolean {
    const { order } = this.#policy;
    if (order !== 'key') return this.#freshIsFree;
    return ![...this.#inFlight].some(({ parked }) => parked !== undefined);
  }

  #freshAt(now: number): number {
    const [again] = this.#again;
    if (again) return this.#gate.at(now, again.retry);
    const [first] = this.#waiting;
    if (!first) return Number.POSITIVE_INFINITY;
    return Math.max(this.#gate.at(now, false), this.#isFull() ? now : first.at + this.#policy.flushMs);
  }

  #isFull(): boolean {
    if (this.#flush || this.handIsFull || this.#waiting.length >= this.#limit.now) return true;
    let bytes = 0;
    for (const item of this.#waiting) bytes += item.bytes;
    return bytes >= this.#policy.maxBytes;
  }

  #nextFresh(now: number): Batch | undefined {
    if (!this.#freshIsFree || this.#freshAt(now) > now) return undefined;
    const again = this.#again.shift();
    if (again) return again;
    let bytes = 0;
    let count = 0;
    for (const item of this.#waiting) {
      bytes += item.bytes;
      if (count > 0 && (count >= this.#limit.now || bytes > this.#policy.maxBytes)) break;
      count++;
    }
    return { items: this.#waiting.splice(0, count), parked: undefined, retry: false };
  }

  #parkedAt(now: number): number {
    const key = this.#parking.next();
    return key ? Math.max(key.notBefore, this.#gate.at(now, key.failures > 0)) : Number.POSITIVE_INFINITY;
  }

  #nextParked(now: number): Batch | undefined {
    if (!this.#parkedIsFree || this.#parkedAt(now) > now) return undefined;
    const key = this.#parking.next() as ParkedKey;
    key.inFlight = true;
    const most = Math.min(this.#limit.now, key.limit);
    let bytes = 0;
    let count = 0;
    for (const item of key.items) {
      bytes += item.bytes;
      if (count > 0 && (count >= most || bytes > this.#policy.maxBytes)) break;
      count++;
    }
    return { items: key.items.slice(0, count), parked: key.key, retry: key.failures > 0 };
  }

  #freshDone(batch: Batch, outcome: Outcome, now: number): Settled {
    switch (outcome.kind) {
      case 'answered':
        return this.#answered(batch, outcome.report, now);
      case 'unavailable':
        return this.#unavailable(batch, now);
      case 'throttled':
        this.#gate.throttled(now, outcome.retryAfterMs);
        return this.#sendAgain(batch.items);
      case 'unauthorized':
        this.#gate.pause();
        return this.#sendAgain(batch.items);
      case 'too_large':
        if (batch.items.length > 1) this.#limit.tooLarge(batch.items.length);
        return this.#split(batch, outcome, now);
      case 'refused':
        return this.#split(batch, outcome, now);
    }
  }

  #answered({ items }: Batch, report: SendReport | undefined, now: number): Settled {
    const { delivered, dead, rest, unnamed } = sorted(items, report);
    if (rest.length === 0) {
      this.#succeeded(items.length, now);
      return { delivered, dead, unnamed, parked: [] };
    }
    if (delivered.length + dead.length > 0) this.#gate.succeeded(now, false);
    if (this.#policy.order === 'key') {
      return { delivered, dead, unnamed, parked: this.#park(new Set(rest.map(({ key }) => key)), rest, now) };
    }
    this.#gate.failed(now);
    this.#sendAgain(rest);
    return { delivered, dead, unnamed, parked: [] };
  }

  #succeeded(count: number, now: number): void {
    this.#limit.taken(count);
    this.#window = Math.min(MOST_IN_FLIGHT, this.#window + 1);
    this.#gate.succeeded(now, this.#waiting.length === 0 && this.#again.length === 0);
  }

  #unavailable({ items }: Batch, now: number): Settled {
    this.#window = 1;
    const keys = new Set(items.map(({ key }) => key));
    if (this.#policy.order === 'key' && keys.size === 1 && this.#gate.failures < KEYS_DOUBTED) {
      this.#gate.noted();
      return { ...NOTHING, parked: this.#park(keys, items, now) };
    }
    this.#gate.failed(now);
    return this.#sendAgain(items);
  }

  /** Before anything else, so that order is kept. */
  #sendAgain(items: readonly Item[]): Settled {
    this.#again.unshift({ items, parked: undefined, retry: true });
    return NOTHING;
  }

  /** In halves until the poison is alone: one of 500 costs at most 19 requests. EGRESS 2.10. */
  #split({ items }: Batch, outcome: Outcome, now: number): Settled {
    // It said no, but it is there.
    this.#gate.succeeded(now, false);
    if (items.length === 1) return buried(items, outcome);
    const half = Math.ceil(items.length / 2);
    const parts = [items.slice(0, half), items.slice(half)];
    this.#again.unshift(...parts.map((part) => ({ items: part, parked: undefined, retry: false })));
    return NOTHING;
  }

  /** Parks keys with what failed of them and everything of them that was to follow. */
  #park(keys: ReadonlySet<string>, failed: readonly Item[], now: number): readonly Item[] {
    const isOf = ({ key }: Item) => keys.has(key);
    const following = [...this.#again.flatMap(({ items }) => items), ...this.#waiting].filter(isOf);
    const parked = [...failed, ...following];
    this.#again = this.#again
      .map((batch) => ({ ...batch, items: batch.items.filter((item) => !isOf(item)) }))
      .filter(({ items }) => items.length > 0);
    this.#waiting = this.#waiting.filter((item) => !isOf(item));
    for (const [key, items] of Map.groupBy(parked, (item) => item.key)) {
      const of = this.#parking.park(key, items, 0);
      of.failures++;
      of.notBefore = now + this.#gate.backoff(of.failures);
    }
    for (const { n } of parked) this.#open.close(n);
    return parked;
  }

  #parkedDone({ items }: Batch, key: string, outcome: Outcome, now: number): Settled {
    const parked = this.#parking.get(key);
    if (!parked) return NOTHING;
    parked.inFlight = false;
    const settled = this.#parkedOutcome(parked, items, outcome, now);
    this.#unpark(key, new Set([...settled.delivered, ...settled.dead.map(({ item }) => item)].map(({ n }) => n)));
    return settled;
  }

  #parkedOutcome(parked: ParkedKey, items: readonly Item[], outcome: Outcome, now: number): Settled {
    const fail = () => {
      parked.failures++;
      parked.notBefore = now + this.#gate.backoff(parked.failures);
      return NOTHING;
    };
    switch (outcome.kind) {
      case 'answered': {
        const { delivered, dead, rest, unnamed } = sorted(items, outcome.report);
        if (delivered.length + dead.length > 0) {
          parked.failures = 0;
          this.#gate.succeeded(now, false);
        }
        if (rest.length > 0) fail();
        else parked.limit *= 2;
        return { delivered, dead, unnamed, parked: [] };
      }
      case 'unavailable':
        return fail();
      case 'throttled':
        this.#gate.throttled(now, outcome.retryAfterMs);
        return NOTHING;
      case 'unauthorized':
        this.#gate.pause();
        return NOTHING;
      default:
        // It said no, but it is there.
        parked.failures = 0;
        this.#gate.succeeded(now, false);
        if (items.length === 1) return buried(items, outcome);
        parked.limit = Math.ceil(items.length / 2);
        return NOTHING;
    }
  }

  #unpark(key: string, numbers: ReadonlySet<number>): void {
    const parked = this.#parking.get(key);
    if (parked) parked.inFlight = false;
    this.#parking.remove(key, numbers);
  }
}

/** A batch by what a report says of its places. */
function sorted(items: readonly Item[], report: SendReport | undefined) {
  if (!report?.refused?.length && !report?.retry?.length)
    return { delivered: items, dead: [], rest: [], unnamed: Math.min(report?.unnamed?.count ?? 0, items.length) };
  const reasons = new Map(report?.refused?.map(({ place, reason }) => [place, reason]));
  const again = new Set(report?.retry);
  const delivered: Item[] = [];
  const rest: Item[] = [];
  const dead: Settled['dead'][number][] = [];
  for (const [place, item] of items.entries()) {
    const reason = reasons.get(place);
    if (reason !== undefined) dead.push({ item, reason, status: undefined, response: undefined });
    else if (again.has(place)) rest.push(item);
    else delivered.push(item);
  }
  return { delivered, dead, rest, unnamed: Math.min(report?.unnamed?.count ?? 0, delivered.length) };
}

function buried(items: readonly Item[], outcome: Outcome): Settled {
  if (outcome.kind === 'answered') return NOTHING;
  const { reason, status, response } = outcome;
  return { ...NOTHING, dead: items.map((item) => ({ item, reason, status, response })) };
}
