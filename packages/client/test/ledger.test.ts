import { DatabaseSync } from 'node:sqlite';
import { type Sink, SinkError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { askJournal, openJournal, openReader } from '../src/index.ts';
import { collectingSink, event, eventually, freshPath, line, pass, startLoop } from './loop.ts';

function ledger(path: string) {
  const reader = openReader(path);
  try {
    return reader.ledger();
  } finally {
    reader.close();
  }
}

/** A sink that takes nothing until it is told to. */
function switchable(name: string) {
  const sink = collectingSink(name);
  const state = { down: true, seen: 0 };
  const wrapped: Sink = {
    ...sink,
    async send(batch, signal) {
      state.seen += batch.length;
      if (state.down) throw new SinkError('unavailable', 'down');
      await sink.send(batch, signal);
    },
  };
  return { sink, wrapped, state };
}

const lines = (count: number, from = 1) => Array.from({ length: count }, (_, at) => line(at + from));
const ids = (count: number, from = 1) => Array.from({ length: count }, (_, at) => `0a1b2c3d-${at + from}`);

describe('the ledger', () => {
  test('EGRESS 2.19: balances while the relay runs, with a sink down, one that refuses, and after it was closed', async () => {
    const path = freshPath();
    const down = switchable('down');
    const picky: Sink = {
      name: 'picky',
      async send(batch) {
        if (batch.some(({ id }) => id === '0a1b2c3d-7'))
          throw new SinkError('refused', 'no sevens', { status: 400, response: 'seven' });
      },
      async close() {},
    };
    const { relay, events } = startLoop({ journal: openJournal({ path }), sinks: [down.wrapped, picky] });
    relay.open('demo');
    await events('demo').writeMany([...lines(50), line(50), line(53), line(54, '0a1b2c3d', 'null')]);
    await eventually(() => expect(relay.status().sinks[1]).toMatchObject({ in: 51, out: 50, pending: 0 }));
    await eventually(() =>
      expect(ledger(path)).toMatchObject({
        balances: true,
        sessions: [
          { session: 'demo', in: 53, relayed: 51, malformed: 1, replay: 1, withheld: 0, missed: 2, balances: true },
        ],
        journal: { relayed: 51, committed: 51, dropped: 0, balances: true },
        sinks: [
          { sink: 'down', in: 51, out: 0, pending: 51, dropped: {}, balances: true },
          { sink: 'picky', in: 51, out: 50, pending: 0, dropped: { refused: 1 }, dead: 1, balances: true },
        ],
      }),
    );
    expect(await relay.close({ deadlineMs: 200 })).toEqual({ delivered: 50, kept: 51, dropped: 1 });
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ pending: 51 }, { pending: 0 }] });
    const reader = openReader(path);
    expect([...reader.dead()]).toMatchObject([
      { sink: 'picky', envelope: { id: '0a1b2c3d-7' }, reason: 'no sevens', status: 400, response: 'seven' },
    ]);
    reader.close();
  });

  test('a restart goes on counting, and what a sink had not got comes', async () => {
    const path = freshPath();
    const first = switchable('sink');
    const one = startLoop({ journal: openJournal({ path }), sinks: [first.wrapped] });
    one.relay.open('demo');
    await one.events('demo').writeMany(lines(20));
    await eventually(() => expect(one.relay.status().sinks[0]).toMatchObject({ in: 20, pending: 20 }));
    expect(await one.relay.close({ deadlineMs: 100 })).toEqual({ delivered: 0, kept: 20, dropped: 0 });
    const second = switchable('sink');
    second.state.down = false;
    const two = startLoop({ journal: openJournal({ path }), sinks: [second.wrapped], transport: one.transport });
    await second.sink.count(20);
    expect(second.sink.envelopes.map(({ id }) => id)).toEqual(ids(20));
    expect(await two.relay.close()).toEqual({ delivered: 20, kept: 0, dropped: 0 });
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 20, out: 20, pending: 0 }] });
  });

  test('a book that was tampered with does not balance', async () => {
    const path = freshPath();
    const { relay, sink, events } = startLoop({ journal: openJournal({ path }) });
    relay.open('demo');
    await events('demo').writeMany(lines(5));
    await sink.count(5);
    await relay.close();
    const db = new DatabaseSync(path);
    db.exec('UPDATE sinks SET delivered = delivered - 1');
    db.close();
    expect(ledger(path)).toMatchObject({ balances: false, sinks: [{ balances: false }] });
  });
});

describe('requests', () => {
  test('replay sends a sink what is kept from an envelope on once more, while the relay runs', async () => {
    const path = freshPath();
    const [one, two] = [collectingSink('one'), collectingSink('two')];
    const { relay, events } = startLoop({ journal: openJournal({ path }), sinks: [one, two] });
    relay.open('demo');
    const runner = events('demo');
    await runner.writeMany(lines(10));
    await Promise.all([one.count(10), two.count(10)]);
    await eventually(() => expect(relay.status().sinks).toMatchObject([{ out: 10 }, { out: 10 }]));
    const reader = openReader(path);
    const from = reader.numberOf('0a1b2c3d-8') ?? 0;
    expect([reader.numberOf('nobody'), reader.firstSince(0), reader.firstSince(Date.now() + 60_000)]).toEqual([
      undefined,
      1,
      undefined,
    ]);
    reader.close();
    expect(await askJournal(path, { kind: 'replay', sink: 'two', from })).toBe(3);
    await two.count(13);
    expect(two.envelopes.slice(10).map(({ id }) => id)).toEqual(ids(3, 8));
    await runner.write(line(11));
    await Promise.all([one.count(11), two.count(14)]);
    expect(one.envelopes).toHaveLength(11);
    await eventually(() =>
      expect(ledger(path)).toMatchObject({
        balances: true,
        sinks: [
          { in: 11, out: 11 },
          { in: 14, out: 14 },
        ],
      }),
    );
  });

  test('purge drops what a sink that is down was to get, counts it, and the sink goes on behind it', async () => {
    const path = freshPath();
    const down = switchable('down');
    const { relay, events } = startLoop({ journal: openJournal({ path }), sinks: [down.wrapped] });
    relay.open('demo');
    const runner = events('demo');
    await runner.writeMany(lines(30));
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ in: 30, pending: 30, error: 'down' }));
    expect(await askJournal(path, { kind: 'purge', sink: 'down', to: 20 })).toBe(20);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 30, pending: 10, dropped: { purged: 20 } }] });
    down.state.down = false;
    await down.sink.count(10);
    expect(down.sink.envelopes.map(({ id }) => id)).toEqual(ids(10, 21));
  });

  test('the dead are sent once more, and are gone when the sink takes them', async () => {
    const path = freshPath();
    const sink = collectingSink('sink');
    let strict = true;
    const picky: Sink = {
      ...sink,
      async send(batch, signal) {
        if (strict && batch.some(({ id }) => id?.endsWith('3'))) throw new SinkError('refused', 'no threes');
        await sink.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ journal: openJournal({ path }), sinks: [picky] });
    relay.open('demo');
    await events('demo').writeMany(lines(15));
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ out: 13, dropped: { refused: 2 } }));
    strict = false;
    expect(await askJournal(path, { kind: 'replay_dead', sink: 'sink' })).toBe(2);
    await sink.count(15);
    expect(sink.envelopes.slice(13).map(({ id }) => id)).toEqual(['0a1b2c3d-3', '0a1b2c3d-13']);
    await eventually(() =>
      expect(ledger(path)).toMatchObject({
        balances: true,
        sinks: [{ in: 17, out: 15, dead: 0, parked: 0, dropped: { refused: 2 } }],
      }),
    );
  });

  test('EGRESS 6.4: one whose answer the disk does not take is carried out once, and answered when it does', async () => {
    const path = freshPath();
    const clock = new ManualClock();
    const { relay, sink, events } = startLoop({ clock, journal: openJournal({ path, clock }) });
    relay.open('demo');
    await events('demo').writeMany(lines(5));
    await pass(clock, () => sink.envelopes.length === 5);
    const db = new DatabaseSync(path);
    db.exec(
      "CREATE TRIGGER full BEFORE UPDATE OF answer ON requests BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    );
    relay.errands.ask({ kind: 'replay', sink: 'collect', from: 3 });
    await pass(clock, () => sink.envelopes.length >= 8);
    const until = clock.now() + 10_000;
    await pass(clock, () => clock.now() > until);
    expect(relay.errands.newest).toMatchObject([{ state: 'running' }]);
    db.exec('DROP TRIGGER full');
    db.close();
    await pass(clock, () => relay.errands.newest[0]?.state === 'done');
    expect(relay.errands.newest).toMatchObject([{ done: 3, error: undefined }]);
    expect(sink.envelopes.slice(5).map(({ id }) => id)).toEqual(ids(3, 3));
  });

  test('one that fails on a full disk does not stop those that are asked for when there is room', async () => {
    const path = freshPath();
    let refuses = true;
    const taken: (string | undefined)[] = [];
    const picky: Sink = {
      name: 'picky',
      async send(batch) {
        if (refuses) throw new SinkError('refused', 'no');
        taken.push(...batch.map(({ id }) => id));
      },
      async close() {},
    };
    const { relay, events } = startLoop({ journal: openJournal({ path }), sinks: [picky] });
    relay.open('demo');
    await events('demo').writeMany(lines(3));
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ dead: 3 }));
    const db = new DatabaseSync(path, { timeout: 5000 });
    db.exec("CREATE TRIGGER full BEFORE DELETE ON dead BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END");
    relay.errands.ask({ kind: 'replay_dead', sink: 'picky' });
    await eventually(() => expect(relay.errands.newest).toMatchObject([{ state: 'failed' }]));
    db.exec('DROP TRIGGER full');
    db.close();
    refuses = false;
    relay.errands.ask({ kind: 'replay_dead', sink: 'picky' });
    await eventually(() => expect(relay.errands.newest[1]).toMatchObject({ state: 'done', done: 3, error: undefined }));
    await eventually(() => expect(taken).toEqual(ids(3)));
  });

  test('without a relay they are carried out at once; what cannot be done is an error that says why', async () => {
    const path = freshPath();
    const { relay, sink, events } = startLoop({ journal: openJournal({ path }) });
    relay.open('demo');
    await events('demo').writeMany(lines(5));
    await sink.count(5);
    await expect(askJournal(path, { kind: 'forget', sink: 'collect' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('serves the sink collect'),
    });
    await relay.close();
    expect(await askJournal(path, { kind: 'replay', sink: 'collect', from: 1 })).toBe(5);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 10, out: 5, pending: 5 }] });
    await expect(askJournal(path, { kind: 'purge', sink: 'nobody', to: 1 })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('it has: collect'),
    });
    expect(await askJournal(path, { kind: 'forget', sink: 'collect' })).toBe(5);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [] });
    await expect(askJournal(freshPath(), { kind: 'purge', sink: 'x', to: 1 })).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});

describe('lanes', () => {
  test('EGRESS 2.7: while the credentials are refused events are kept, an error is said once, and within a second of new ones all are sent', async () => {
    const sink = collectingSink();
    const warnings: string[] = [];
    let key = 'old';
    let renew = Promise.withResolvers<void>();
    const guarded: Sink = {
      ...sink,
      async send(batch, signal) {
        if (key === 'old') throw new SinkError('unauthorized', '401 from there', { status: 401 });
        await sink.send(batch, signal);
      },
      renewed: () => renew.promise,
    };
    const { relay, events } = startLoop({ sinks: [guarded], onWarning: (sentence) => warnings.push(sentence) });
    relay.open('demo');
    const runner = events('demo');
    await runner.writeMany(lines(3));
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ paused: true, pending: 3 }));
    await runner.writeMany(lines(3, 4));
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ paused: true, pending: 6, requests: 1 }));
    renew.resolve();
    renew = Promise.withResolvers();
    await eventually(() => expect(relay.status().sinks[0]).toMatchObject({ paused: true, requests: 2 }));
    key = 'new';
    const began = performance.now();
    renew.resolve();
    await sink.count(6);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(ids(6));
    expect(warnings).toEqual([expect.stringContaining('sink collect is paused')]);
  });

  test('a sink that fails is told of once, however often it is tried, and not again within a minute', async () => {
    const warnings: string[] = [];
    const clock = new ManualClock();
    const { wrapped, sink, state } = switchable('down');
    const { relay, events } = startLoop({ clock, sinks: [wrapped], onWarning: (sentence) => warnings.push(sentence) });
    relay.open('demo');
    const runner = events('demo');
    const told = 'sink down fails: down. Events are kept, and it is tried again';
    await runner.writeMany(lines(3));
    await pass(clock, () => Number(relay.status().sinks[0]?.retries) > 3);
    expect(warnings).toEqual([told]);
    for (const wait of [0, 60_000]) {
      state.down = false;
      await pass(clock, () => relay.status().sinks[0]?.pending === 0, 1000);
      const until = clock.now() + wait;
      await pass(clock, () => clock.now() >= until, 1000);
      state.down = true;
      await runner.write(line(sink.envelopes.length + 1));
      await pass(clock, () => relay.status().sinks[0]?.error !== undefined, 10);
    }
    expect(warnings).toEqual([told, told]);
  });

  test('EGRESS 2.18, 6.9: every sink gets every event, and one that stalls does not delay the other', async () => {
    const stalled: Sink = { name: 'stalled', send: () => new Promise(() => {}), async close() {} };
    const good = collectingSink('good');
    const { relay, events } = startLoop({ sinks: [stalled, good] });
    relay.open('demo');
    await events('demo').writeMany(lines(1200));
    await good.count(1200);
    expect(relay.status().sinks).toMatchObject([{ in: 1200, pending: 1200 }, { in: 1200 }]);
  });

  test('EGRESS 2.17, 6.14: what a sink acknowledges until the deadline is delivered, the rest is kept, and the report says so', async () => {
    const path = freshPath();
    const sink = collectingSink();
    const slow: Sink = {
      ...sink,
      traits: { order: 'all', maxBatch: 5 },
      async send(batch, signal) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        if (signal.aborted) throw signal.reason;
        await sink.send(batch, signal);
      },
    };
    const { relay, segment } = startLoop({ journal: openJournal({ path }), sinks: [slow] });
    await segment(
      'demo',
      lines(200)
        .map((text) => `${text}\n`)
        .join(''),
    );
    relay.open('demo');
    await eventually(() => expect(relay.status().sinks[0]?.in).toBe(200));
    const { delivered, kept, dropped } = await relay.close({ deadlineMs: 500 });
    expect([delivered + kept, dropped]).toEqual([200, 0]);
    expect(delivered).toBe(sink.envelopes.length);
    expect(kept).toBeGreaterThan(0);
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 200, out: delivered, pending: kept }] });
  });

  test('EGRESS 3.18: a key whose receiver fails delays only itself, and loses nothing over a restart', async () => {
    const path = freshPath();
    const delivered: string[] = [];
    let healthy = false;
    const keyed: Sink = {
      name: 'keyed',
      traits: { order: 'key', key: ({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)).data.k, maxBatch: 10 },
      async send(batch) {
        const retry: number[] = [];
        for (const [place, { id, bytes }] of batch.entries()) {
          if (!healthy && JSON.parse(new TextDecoder().decode(bytes)).data.k === 'bad') retry.push(place);
          else delivered.push(String(id));
        }
        if (retry.length === batch.length) throw new SinkError('unavailable', 'hung');
        return { retry };
      },
      async close() {},
    };
    const keyedLine = (seq: number) =>
      line(seq, 'aaaaaaaa', event(`e${seq}`, { k: seq % 5 === 0 ? 'bad' : `k${seq % 5}` }));
    const one = startLoop({ journal: openJournal({ path }), sinks: [keyed] });
    one.relay.open('demo');
    await one.events('demo').writeMany(Array.from({ length: 100 }, (_, at) => keyedLine(at + 1)));
    await eventually(() =>
      expect(one.relay.status().sinks[0]).toMatchObject({ in: 100, out: 80, pending: 20, parked: 20 }),
    );
    await eventually(() =>
      expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ parked: 20, pending: 20 }] }),
    );
    expect(await one.relay.close({ deadlineMs: 100 })).toEqual({ delivered: 80, kept: 20, dropped: 0 });
    healthy = true;
    const two = startLoop({ journal: openJournal({ path }), sinks: [keyed] });
    await eventually(() => expect(two.relay.status().sinks[0]).toMatchObject({ out: 100, pending: 0, parked: 0 }));
    expect(delivered.slice(80)).toEqual(Array.from({ length: 20 }, (_, at) => `e${(at + 1) * 5}`));
    await two.relay.close();
    expect(ledger(path)).toMatchObject({ balances: true, sinks: [{ in: 100, out: 100 }] });
  });
});
