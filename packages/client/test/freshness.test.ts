/** What is sent of a backlog, and what of the new beside it. EGRESS section 6 "slow sink + old data first", R18. */
import { type Envelope, type Sink, SinkError } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { describe, expect, test } from 'vitest';
import { collectingSink, event, line, pass, startLoop } from './loop.ts';

const textOf = ({ bytes }: Envelope) => new TextDecoder().decode(bytes);
const heartbeat = (seq: number) => line(seq);
const failure = (seq: number) => line(seq, '0a1b2c3d', event(`0a1b2c3d-${seq}`, { type: 'error' }));

/** A minute for heartbeats, for ever for the rest. */
const heartbeatsForAMinute = (envelope: Envelope) =>
  textOf(envelope).includes('stream_heartbeat') ? 60_000 : undefined;

describe('a sink with a time to live', () => {
  test('EGRESS 6.10: what has become too old for it in an outage is dropped by type and counted, the rest is sent', async () => {
    const clock = new ManualClock();
    const sink = collectingSink('sink');
    let down = true;
    const flaky: Sink = {
      ...sink,
      traits: { order: 'all', ttlMs: heartbeatsForAMinute },
      async send(batch, signal) {
        if (down) throw new SinkError('unavailable', 'down');
        await sink.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ clock, sinks: [flaky] });
    const books = () => relay.status().sinks[0];
    relay.open('demo');
    void events('demo').writeMany([...Array.from({ length: 20 }, (_, at) => heartbeat(at + 1)), failure(21)]);
    await pass(clock, () => books()?.pending === 21);
    const at = clock.now();
    await pass(clock, () => clock.now() > at + 61_000, 500);
    void events('demo').writeMany([line(22), line(23, '0a1b2c3d', event('0a1b2c3d-23', { type: 'error' }))]);
    await pass(clock, () => books()?.in === 23);
    down = false;
    await pass(clock, () => books()?.pending === 0, 500);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-21', '0a1b2c3d-22', '0a1b2c3d-23']);
    expect(books()).toMatchObject({ in: 23, out: 3, pending: 0, dropped: { expired: 20 } });
  });

  test('EGRESS 6.10: a long backlog is passed over without asking the sink, a piece at a time', async () => {
    const clock = new ManualClock();
    const sink = collectingSink('sink');
    let down = true;
    const flaky: Sink = {
      ...sink,
      traits: { order: 'all', ttlMs: () => 200_000, requestsPerMinute: 10 },
      async send(batch, signal) {
        if (down) throw new SinkError('unavailable', 'down');
        await sink.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ clock, sinks: [flaky] });
    const books = () => relay.status().sinks[0];
    relay.open('demo');
    void events('demo').writeMany(Array.from({ length: 12_000 }, (_, at) => heartbeat(at + 1)));
    await pass(clock, () => books()?.in === 12_000, 500);
    const at = clock.now();
    await pass(clock, () => clock.now() > at + 201_000, 500);
    down = false;
    void events('demo').write(heartbeat(12_001));
    await pass(clock, () => books()?.in === 12_001 && books()?.pending === 0, 500);
    expect(sink.envelopes.map(({ id }) => id)).toEqual(['0a1b2c3d-12001']);
    expect(books()?.dropped).toEqual({ expired: 12_000 });
  });
});

describe('a sink that stands in for another', () => {
  test('EGRESS 6.10, R18: gets what is new within a second while the other works off a backlog, and nothing while it keeps up', async () => {
    const clock = new ManualClock();
    const whole = collectingSink('whole');
    const fresh = collectingSink('fresh');
    let down = false;
    const delays: number[] = [];
    const slow: Sink = {
      ...whole,
      traits: { order: 'all', maxBatch: 20, requestsPerMinute: 60 },
      async send(batch, signal) {
        if (down) throw new SinkError('unavailable', 'down');
        await whole.send(batch, signal);
      },
    };
    const standIn: Sink = {
      ...fresh,
      traits: { order: 'all', ttlMs: () => 10_000, standsInFor: { sink: 'whole', behindMs: 5000 } },
      async send(batch, signal) {
        delays.push(...batch.map(({ receivedAt }) => clock.wall() - receivedAt));
        await fresh.send(batch, signal);
      },
    };
    const { relay, events } = startLoop({ clock, sinks: [slow, standIn] });
    const books = () => relay.status().sinks;
    const runner = events('demo');
    let written = 0;
    const write = (count: number) => void runner.writeMany(Array.from({ length: count }, () => heartbeat(++written)));
    relay.open('demo');
    write(50);
    await pass(clock, () => books()[0]?.out === 50 && books()[1]?.pending === 0);
    expect(books()[1]).toMatchObject({ out: 0, dropped: { covered: 50 } });
    down = true;
    write(5000);
    await pass(clock, () => books()[0]?.in === 5050);
    const at = clock.now();
    await pass(clock, () => clock.now() > at + 12_000, 200);
    down = false;
    const before = fresh.envelopes.length;
    for (let second = 0; second < 20; second++) {
      write(10);
      const next = clock.now() + 1000;
      await pass(clock, () => clock.now() >= next);
    }
    // The backlog is far from done, and what is new is there.
    expect(books()[0]?.pending).toBeGreaterThan(2000);
    expect(fresh.envelopes.length - before).toBe(200);
    expect(Math.max(...delays.slice(before))).toBeLessThanOrEqual(1000);
    await pass(clock, () => books()[0]?.pending === 0, 500);
    write(7);
    await pass(clock, () => books()[0]?.out === written && books()[1]?.pending === 0);
    const [first, second] = books();
    expect(new Set(whole.envelopes.map(({ id }) => id)).size).toBe(written);
    expect(first).toMatchObject({ in: written, out: written });
    expect(second?.dropped.covered).toBeGreaterThanOrEqual(57);
    expect(second?.in).toBe((second?.out ?? 0) + (second?.dropped.covered ?? 0) + (second?.dropped.expired ?? 0));
  });

  test('two that stand in for each other would leave everything to the other, and are refused when the relay is made', () => {
    const standIn = (name: string, sink: string): Sink => ({
      ...collectingSink(name),
      traits: { order: 'all', standsInFor: { sink, behindMs: 1 } },
    });
    expect(() => startLoop({ sinks: [standIn('a', 'b'), standIn('b', 'a')] })).toThrow(/b, which stands in itself/);
  });

  test.each(['whole', 'nobody'])('one that stands in for %s is refused when the relay is made', (sink) => {
    const standIn: Sink = {
      ...collectingSink('whole'),
      traits: { order: 'all', standsInFor: { sink, behindMs: 1 } },
    };
    expect(() => startLoop({ sinks: [standIn] })).toThrow(/stands in for/);
  });
});
