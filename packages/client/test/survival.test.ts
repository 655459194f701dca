/** What a relay survives, as figures: EGRESS section 7 on a clock that is moved by hand, with scripted sinks. */
import { type Envelope, type Sink, SinkError, type SinkErrorKind, type SinkTraits } from '@runnel/protocol';
import { ManualClock, seededRandom } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { createRelay, type Journal, type JournalOptions, openJournal, openReader, type Relay } from '../src/index.ts';
import { type CollectingSink, collectingSink, event, freshPath, pass } from './loop.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const envelope = (n: number, clock: ManualClock): Envelope => ({
  id: `e${n}`,
  bytes: new TextEncoder().encode(event(`e${n}`)),
  session: 'demo',
  relayedVia: 'trickle',
  receivedAt: clock.wall(),
});
const ids = (count: number) => Array.from({ length: count }, (_, at) => `e${at + 1}`);

/** A relay without a session; envelopes are put into its journal as a session would. */
class Bench {
  readonly clock = new ManualClock();
  readonly relay: Relay;
  readonly #journal: Journal;
  appended = 0;

  constructor(sinks: readonly Sink[], options: JournalOptions = {}) {
    const { clock } = this;
    const onWarning = () => {};
    this.#journal = openJournal({ clock, onWarning, ...options });
    this.relay = createRelay({ url: 'http://trickle.test/', sinks, clock, journal: this.#journal, onWarning });
  }

  append(count: number): void {
    const envelopes = Array.from({ length: count }, () => envelope(++this.appended, this.clock));
    void this.#journal.append('demo', envelopes, {
      channelEpoch: undefined,
      segment: 0,
      lines: 0,
      telemetry: undefined,
    });
  }

  /** Moves time on until the lanes have nothing left. */
  settled(stepMs = 250): Promise<void> {
    const isDone = ({ in: n, pending }: { in: number; pending: number }) => n === this.appended && pending === 0;
    return pass(this.clock, () => this.relay.status().sinks.every(isDone), stepMs);
  }

  async close(deadlineMs?: number) {
    let closed = false;
    const report = this.relay.close(deadlineMs === undefined ? {} : { deadlineMs }).finally(() => {
      closed = true;
    });
    await pass(this.clock, () => closed);
    return report;
  }
}

/** A sink that answers as `fault` says, and otherwise takes what it is given. */
function faulty(sink: CollectingSink, fault: (batch: readonly Envelope[]) => SinkErrorKind | undefined): Sink {
  return {
    ...sink,
    traits: { order: 'all', maxBatch: 500 },
    async send(batch, signal) {
      const kind = fault(batch);
      if (kind) throw new SinkError(kind, kind);
      await sink.send(batch, signal);
    },
  };
}

describe('EGRESS R7: outages and bursts', () => {
  test.each<[string, SinkErrorKind, number]>([
    ['503 for 20 s', 'unavailable', 20 * SECOND],
    ['401 for 20 s', 'unauthorized', 20 * SECOND],
    ['an hour of outage', 'unavailable', HOUR],
  ])('EGRESS R7: after %s everything is delivered, once and in order', async (_, kind, ms) => {
    const sink = collectingSink();
    const bench: Bench = new Bench([faulty(sink, () => (bench.clock.now() < ms ? kind : undefined))]);
    for (let at = 0; at < 40; at++) {
      bench.append(10);
      const next = bench.clock.now() + ms / 30;
      await pass(bench.clock, () => bench.clock.now() >= next, Math.max(50, ms / 1000));
    }
    await bench.settled(1000);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(400));
    expect(await bench.close()).toEqual({ delivered: 400, kept: 0, dropped: 0 });
  });

  test('EGRESS R7: a burst of 10,000 is delivered, once and in order', async () => {
    const sink = collectingSink();
    const bench = new Bench([sink]);
    bench.append(10_000);
    await bench.settled();
    expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(10_000));
    await bench.close();
  });
});

test('EGRESS 6.5, R6: with one in a hundred poisonous at random all the others are delivered, in order, and all the poison is dead', async () => {
  const random = seededRandom(6);
  const poison = new Set(ids(20_000).filter(() => random() < 0.01));
  const sink = collectingSink();
  const isBad = (batch: readonly Envelope[]) => batch.some(({ id }) => poison.has(String(id)));
  const bench = new Bench([faulty(sink, (batch) => (isBad(batch) ? 'refused' : undefined))]);
  bench.append(20_000);
  await bench.settled();
  expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(20_000).filter((id) => !poison.has(id)));
  expect(bench.relay.status().sinks[0]).toMatchObject({
    out: 20_000 - poison.size,
    dropped: { refused: poison.size },
    dead: poison.size,
  });
  await bench.close();
});

test('EGRESS 6.9, R5: with another sink hung for an hour each envelope reaches a sink as soon as without', async () => {
  async function delays(others: readonly Sink[]): Promise<readonly number[]> {
    const sink = collectingSink('good');
    const delays: number[] = [];
    const timed: Sink = {
      ...sink,
      async send(batch, signal) {
        delays.push(...batch.map(({ receivedAt }) => bench.clock.wall() - receivedAt));
        await sink.send(batch, signal);
      },
    };
    const bench = new Bench([...others, timed]);
    for (let at = 0; at < HOUR; at += 10 * SECOND) {
      bench.append(20);
      await pass(bench.clock, () => bench.clock.now() >= at + 10 * SECOND, 100);
    }
    expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(7200));
    await bench.close();
    return delays;
  }
  const hung: Sink = { name: 'hung', send: () => new Promise(() => {}), async close() {} };
  expect(await delays([hung])).toEqual(await delays([]));
});

test('EGRESS 6.3: a sink that takes nothing is told from one that has nothing to take: by its age, its cursor and its batch in hand', async () => {
  let stalled = false;
  const sink = collectingSink('stalls');
  const stalling: Sink = {
    ...sink,
    send: (batch, signal) => (stalled ? new Promise(() => {}) : sink.send(batch, signal)),
  };
  const idle = collectingSink('idle');
  const bench = new Bench([stalling, { ...idle, traits: { order: 'all', wants: () => false } }]);
  bench.append(10);
  await bench.settled();
  const movedAt = bench.relay.status().sinks[0]?.movedAt;
  expect(movedAt).toBeGreaterThan(0);
  stalled = true;
  bench.append(10);
  await pass(bench.clock, () => bench.clock.now() >= 600 * SECOND, 1000);
  const [status, other] = bench.relay.status().sinks;
  expect(status).toMatchObject({ pending: 10, movedAt, state: 'sending' });
  expect(status?.oldestMs).toBeGreaterThan(590 * SECOND);
  expect(status?.sendingMs).toBeGreaterThan(590 * SECOND);
  expect(other).toMatchObject({ pending: 0, state: 'idle', dropped: { filtered: 20 } });
  expect([other?.oldestMs, other?.sendingMs]).toEqual([undefined, undefined]);
  const metrics = await bench.relay.metrics();
  const figure = (name: string, sink: string) => Number(metrics.match(`${name}{sink="${sink}"} (\\S+)`)?.[1]);
  expect(figure('runnel_sink_oldest_seconds', 'stalls')).toBeGreaterThan(590);
  expect(figure('runnel_sink_oldest_seconds', 'idle')).toBe(0);
  await bench.close();
});

test('EGRESS 6.13, R15: steps of the wall clock by an hour delay no retry, lose nothing and make nothing negative', async () => {
  async function run(step: (clock: ManualClock) => void): Promise<readonly number[]> {
    const sink = collectingSink();
    const times: number[] = [];
    const flaky: Sink = {
      ...sink,
      async send(batch, signal) {
        times.push(bench.clock.now());
        // Few enough for the budget of retries, and when the service asks for, so that chance has no part in it but for a tenth.
        if (times.length < 10) throw new SinkError('throttled', '429', { retryAfterMs: 7 * SECOND });
        await sink.send(batch, signal);
      },
    };
    const bench = new Bench([flaky]);
    for (let at = 0; at < 300; at++) {
      bench.append(1);
      step(bench.clock);
      const next = bench.clock.now() + SECOND;
      await pass(bench.clock, () => bench.clock.now() >= next, 500);
      const [status] = bench.relay.status().sinks;
      expect(status?.oldestMs ?? 0).toBeGreaterThanOrEqual(0);
      expect(status?.sendingMs ?? 0).toBeGreaterThanOrEqual(0);
    }
    await bench.settled();
    expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(300));
    await bench.close();
    return times.slice(0, 10);
  }
  let steps = 0;
  const times = await run((clock) => clock.step(steps++ % 2 === 0 ? HOUR : -HOUR));
  for (const [nth, at] of times.slice(1).entries()) {
    expect(at - (times[nth] as number)).toBeGreaterThanOrEqual(7 * SECOND);
    expect(at - (times[nth] as number)).toBeLessThanOrEqual(7 * SECOND * 1.1 + 500);
  }
});

test('EGRESS 6.8, R9: a batch that was taken and whose answer was lost comes once more, whole, with the same ids, and nothing else does', async () => {
  const batches: string[][] = [];
  const forgetful: Sink = {
    name: 'forgetful',
    traits: { order: 'all', maxBatch: 10 },
    async send(batch) {
      batches.push(batch.map(({ id }) => String(id)));
      if (batches.length % 3 === 2) throw new SinkError('unavailable', 'the answer was lost');
    },
    async close() {},
  };
  const bench = new Bench([forgetful]);
  bench.append(100);
  await bench.settled();
  const again = batches.filter((_, nth) => nth % 3 === 2);
  expect(again).toEqual(batches.filter((_, nth) => nth % 3 === 1).slice(0, again.length));
  expect(batches.filter((_, nth) => nth % 3 !== 2).flat()).toEqual(ids(100));
  await bench.close();
});

test('EGRESS 6.14, R11: closed at a random moment, a thousand times, it keeps its deadline and its report is true to the event', async () => {
  const random = seededRandom(11);
  for (let round = 0; round < 1000; round++) {
    // Every twentieth with a journal on disk, which keeps what the others drop.
    const path = round % 20 === 0 ? freshPath() : undefined;
    const sink = collectingSink();
    const slowness = random() * 400;
    const slow: Sink = {
      ...sink,
      traits: { order: 'all', maxBatch: 1 + Math.floor(random() * 40) },
      async send(batch, signal) {
        const mood = random();
        await new Promise<void>((resolve) => bench.clock.after(random() * slowness, resolve));
        if (signal.aborted) throw signal.reason;
        if (mood < 0.1) throw new SinkError('unavailable', '503');
        if (mood < 0.2) throw new SinkError('refused', '400');
        await sink.send(batch, signal);
      },
    };
    const bench: Bench = new Bench([slow], path ? { path } : {});
    const closeAt = random() * 1500;
    while (bench.clock.now() < closeAt) {
      if (random() < 0.3) bench.append(Math.floor(random() * 30));
      await pass(bench.clock, () => true);
      bench.clock.advance(50);
    }
    const began = bench.clock.now();
    const { delivered, kept, dropped } = await bench.close(1000);
    expect(bench.clock.now() - began).toBeLessThanOrEqual(1100);
    expect(delivered).toBe(sink.envelopes.length);
    expect(delivered + kept + dropped).toBe(bench.appended);
    if (!path) continue;
    const reader = openReader(path);
    expect(reader.ledger()).toMatchObject({ sinks: [{ balances: true, out: delivered, pending: kept }] });
    reader.close();
  }
}, 120_000);

test('EGRESS 2.12: what a sink adds to each envelope counts, so that a batch as large as may be is taken at once', async () => {
  const sink = collectingSink();
  const sizes: number[] = [];
  const tight: Sink = {
    ...sink,
    traits: { order: 'all', maxBatch: 1000, maxBytes: 10_000, overheadBytes: 1 },
    async send(batch, signal) {
      const size = batch.reduce((sum, { bytes }) => sum + bytes.length + 1, 0);
      sizes.push(size);
      if (size > 10_000) throw new SinkError('too_large', `${size} bytes`);
      await sink.send(batch, signal);
    },
  };
  const bench = new Bench([tight]);
  bench.append(1000);
  await bench.settled();
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000);
  expect(Math.max(...sizes)).toBeGreaterThan(9800);
  await bench.close();
});

test('a long backlog of a key that fails is parked a piece at a time', async () => {
  const sink: Sink = {
    ...collectingSink('sink'),
    traits: { order: 'key', key: () => 'k' },
    async send() {
      throw new SinkError('unavailable', 'down');
    },
  };
  const bench = new Bench([sink]);
  const parked = () => bench.relay.status().sinks[0]?.parked ?? 0;
  bench.append(10);
  await pass(bench.clock, () => parked() === 10);
  bench.append(20_000);
  await expect.poll(parked).toBeGreaterThan(10);
  expect(parked()).toBeLessThan(7000);
  await pass(bench.clock, () => parked() === 20_010);
  await bench.close(0);
});

describe('EGRESS 2.18, 6.9: beside a sink that stands still, with the journal at its bound', () => {
  const COUNT = 6000;
  const numberOf = ({ id }: Envelope) => Number(id?.slice(1));
  const isRare = (each: Envelope) => numberOf(each) % 100 === 10;
  const down = async () => {
    throw new SinkError('unavailable', 'down');
  };
  const hang = () => new Promise<never>(() => {});

  /** Appends all of them, a few at a time, each when `good` has had what was before. */
  async function fill(bench: Bench, good: string): Promise<void> {
    const isThrough = () => {
      const books = bench.relay.status().sinks.find(({ sink }) => sink === good);
      return books?.in === bench.appended && books.pending === 0;
    };
    while (bench.appended < COUNT) {
      bench.append(50);
      await pass(bench.clock, isThrough);
    }
  }
  const books = (bench: Bench, name: string) => bench.relay.status().sinks.find(({ sink }) => sink === name);
  const sum = (counts: Readonly<Record<string, number>> = {}) => Object.values(counts).reduce((all, n) => all + n, 0);

  const stuck: readonly [string, SinkTraits, Sink['send']][] = [
    ['is down', { order: 'all' }, down],
    ['wants few and is down', { order: 'all', wants: isRare }, down],
    ['wants few and hangs', { order: 'all', wants: isRare }, hang],
    [
      'wants few, of several keys, and is down',
      { order: 'key', key: (each) => `${Math.floor(numberOf(each) / 100) % 5}`, wants: isRare },
      down,
    ],
    [
      'has no order and hangs with one batch',
      { order: 'none' },
      async (batch) => {
        if (batch.some((each) => numberOf(each) === 1)) await hang();
      },
    ],
  ];
  const bounds: readonly [string, JournalOptions][] = [
    ['envelopes', { maxEnvelopes: 2000 }],
    ['bytes', { maxBytes: 60_000 }],
  ];
  const cases = stuck.flatMap((sink) =>
    bounds.flatMap((bound) => [true, false].map((inFile) => ({ sink, bound, inFile }))),
  );

  test.each(
    cases.map(
      ({ sink, bound, inFile }) =>
        [sink[0], bound[0], inFile ? 'in a file' : 'in memory', { sink, bound, inFile }] as const,
    ),
  )(
    'EGRESS 2.13, 2.18, 6.9: one that %s, bound in %s, %s: the other gets everything, and the books balance',
    async (_, __, ___, { sink: [, traits, send], bound: [, most], inFile }) => {
      const good = collectingSink('good');
      const path = freshPath();
      const bench = new Bench([{ name: 'stuck', traits, send, async close() {} }, good], {
        ...most,
        ...(inFile && { path }),
      });
      await fill(bench, 'good');
      expect(good.envelopes.map(({ id }) => id)).toEqual(ids(COUNT));
      expect(books(bench, 'good')).toMatchObject({ in: COUNT, out: COUNT, dropped: {} });
      const { in: all, out = 0, pending = 0, dropped } = books(bench, 'stuck') ?? {};
      expect([all, dropped?.overflow]).toEqual([COUNT, expect.any(Number)]);
      expect(out + pending + sum(dropped)).toBe(COUNT);
      await bench.close(0);
      if (!inFile) return;
      const reader = openReader(path);
      expect(reader.ledger()).toMatchObject({ sinks: [{ balances: true }, { balances: true }] });
      reader.close();
    },
  );

  test('EGRESS 6.9: with four that stopped one after another the fifth gets everything', async () => {
    const good = collectingSink('good');
    const others = Array.from(
      { length: 4 },
      (_, nth): Sink => ({
        name: `stuck ${nth}`,
        traits: { order: 'all', maxBatch: 200 },
        async send(batch) {
          if (batch.some((each) => numberOf(each) > nth * 500)) await down();
        },
        async close() {},
      }),
    );
    const bench = new Bench([...others, good], { maxEnvelopes: 1500 });
    await fill(bench, 'good');
    expect(good.envelopes.map(({ id }) => id)).toEqual(ids(COUNT));
    await bench.close(0);
  });

  test('EGRESS 2.13: what it loses is one stretch, the oldest that it had not in hand, and it gets the rest in order', async () => {
    let isDown = true;
    const sink = collectingSink('back');
    const back: Sink = {
      ...sink,
      traits: { order: 'all', wants: isRare },
      send: (batch, signal) => (isDown ? down() : sink.send(batch, signal)),
    };
    const bench = new Bench([back, collectingSink('good')], { maxEnvelopes: 2000 });
    await fill(bench, 'good');
    isDown = false;
    await bench.settled();
    const rare = ids(COUNT).filter((id) => isRare({ id } as Envelope));
    const had = sink.envelopes.map(({ id }) => String(id));
    const lost = rare.filter((id) => !had.includes(id));
    expect(had).toEqual(rare.filter((id) => !lost.includes(id)));
    const first = rare.indexOf(String(lost[0]));
    expect(lost).toEqual(rare.slice(first, first + lost.length));
    expect(had.at(-1)).toBe(rare.at(-1));
    const { out, dropped } = books(bench, 'back') ?? {};
    // Beside what the journal holds it had the nine that came before the first that it wants.
    expect(dropped).toEqual({ overflow: COUNT - 2009, filtered: 2009 - had.length });
    expect(out).toBe(had.length);
    await bench.close();
  });

  test('EGRESS 2.13: a sink that wants few and waits until they are many loses none', async () => {
    const sink = collectingSink('patient');
    const patient: Sink = { ...sink, traits: { order: 'all', wants: isRare, flushMs: HOUR } };
    const bench = new Bench([patient, collectingSink('good')], { maxEnvelopes: 2000 });
    await fill(bench, 'good');
    expect(books(bench, 'patient')?.dropped.overflow).toBe(undefined);
    expect(sink.envelopes.length).toBeGreaterThan(40);
    await bench.close();
    expect(sink.envelopes).toHaveLength(COUNT / 100);
  });
});

test('EGRESS 6.9: of a sink without order, what is settled ahead of a batch that hangs is bounded, and goes on when it ends', async () => {
  const gate = Promise.withResolvers<void>();
  const sink = collectingSink();
  const loose: Sink = {
    ...sink,
    traits: { order: 'none' },
    async send(batch, signal) {
      if (batch.some(({ id }) => id === 'e1')) await gate.promise;
      await sink.send(batch, signal);
    },
  };
  const bench = new Bench([loose], { maxEnvelopes: 1_000_000 });
  for (let nth = 0; nth < 5; nth++) {
    bench.append(30_000);
    await pass(bench.clock, () => bench.relay.status().sinks[0]?.in === bench.appended);
  }
  let had = -1;
  await pass(bench.clock, () => {
    const isStill = had === sink.envelopes.length && had > 0;
    had = sink.envelopes.length;
    return isStill;
  });
  expect(had).toBeGreaterThan(50_000);
  expect(had).toBeLessThan(110_000);
  gate.resolve();
  await bench.settled();
  expect(sink.envelopes).toHaveLength(150_000);
  await bench.close();
});
