/** The kafka sink against a real Apache Kafka broker. Without one the tests are skipped, visibly; with CI=true they fail. */
import type { Sink } from '@runnel/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaSink } from '../src/kafka.ts';
import { sinkConformance } from './conformance.ts';
import { envelope, envelopeOf, textOf } from './envelopes.ts';
import { type KafkaBroker, kafkaBroker } from './kafka/broker.ts';
import { kafkaMissing } from './kafka/java.ts';

const missing = await kafkaMissing();
if (missing) console.warn(`The kafka sink is not tested against a broker: ${missing}`);
const signal = new AbortController().signal;

describe.skipIf(missing)('Apache Kafka', { timeout: 120_000 }, () => {
  let broker: KafkaBroker;
  const open: Sink[] = [];

  beforeAll(async () => {
    broker = await kafkaBroker();
  }, 180_000);
  afterAll(async () => {
    for (const sink of open) await sink.close();
    await broker?.stop();
  }, 60_000);

  function sinkTo(topic: string, over: Partial<Parameters<typeof kafkaSink>[0]> = {}) {
    const sink = kafkaSink({ brokers: [broker.plain], topic, ...over });
    open.push(sink);
    return sink;
  }

  /** As a lane does it: again until it is through. */
  async function through(sink: Sink, batch: Parameters<Sink['send']>[0]): Promise<void> {
    await expect
      .poll(() => sink.send(batch, signal).then(() => 'through', String), { timeout: 60_000, interval: 200 })
      .toBe('through');
  }

  test('EGRESS 1.18: key = event id, value = the bytes of the envelope, in order', async () => {
    await broker.createTopic('plain');
    const odd = envelopeOf('{ "data":{"b":1.0,"2":12345678901234567890, "é":"\\u00e9"} ,"id":"odd"}');
    const nameless = envelopeOf('{"data":{}}');
    const sink = sinkTo('plain');
    await sink.send([envelope('a'), odd, nameless], signal);
    await sink.send([envelope('b')], signal);
    const values = [envelope('a'), odd, nameless, envelope('b')].map(textOf);
    const records = await broker.records('plain');
    expect(records.map(({ key }) => key)).toEqual(['a', 'odd', 'null', 'b']);
    expect(records.map(({ value }) => value)).toEqual(values);
  });

  test('EGRESS 1.18: with user and password it is SASL PLAIN over TLS; a wrong password waits for another', async () => {
    await broker.createTopic('secure');
    const sink = sinkTo('secure', {
      brokers: [broker.secure],
      sasl: { username: broker.user, password: 'wrong' },
      tls: { caFile: broker.caFile },
    });
    await expect(sink.send([envelope('a')], signal)).rejects.toMatchObject({ kind: 'unauthorized' });
    const renewed = sink.renewed?.(signal);
    sink.setPassword(broker.password);
    await renewed;
    await sink.send([envelope('a')], signal);
    expect((await broker.records('secure')).map(({ key }) => key)).toEqual(['a']);
  });

  test('a broker whose certificate nobody vouches for gets nothing', async () => {
    const sink = sinkTo('secure', {
      brokers: [broker.secure],
      sasl: { username: broker.user, password: broker.password },
    });
    await expect(sink.send([envelope('a')], signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('certificate'),
    });
  });

  test('a topic that is missing is made by the broker, and what came first is not lost', async () => {
    const batch = ['a', 'b', 'c', 'd'].map((id) => envelope(id));
    await through(sinkTo('made'), batch);
    const keys = (await broker.records('made')).map(({ key }) => key);
    expect([...new Set(keys)].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a topic that nobody makes is unavailable, by name, until somebody does', async () => {
    const sink = sinkTo('awaited', { createTopic: false });
    await expect(sink.send([envelope('a')], signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('Unknown topic awaited'),
    });
    await broker.createTopic('awaited');
    await through(sink, [envelope('a')]);
  });

  test('EGRESS 2.9: what is over the limit of the topic is too large', async () => {
    await broker.createTopic('small', { 'max.message.bytes': '1000' });
    const sink = sinkTo('small');
    const sent = sink.send([envelope('a', { pad: 'x'.repeat(2000) })], signal);
    await expect(sent).rejects.toMatchObject({ kind: 'too_large' });
    await sink.send([envelope('b')], signal);
  });

  test('EGRESS 2.11: a record that the topic does not accept is refused', async () => {
    await broker.createTopic('compacted', { 'cleanup.policy': 'compact' });
    const sink = sinkTo('compacted');
    await expect(sink.send([envelopeOf('{"data":{}}')], signal)).rejects.toMatchObject({ kind: 'refused' });
    await sink.send([envelope('with a key')], signal);
  });

  test('EGRESS 9.21: batches that are sent at once all land', async () => {
    await broker.createTopic('concurrent');
    const sink = sinkTo('concurrent');
    const ids = Array.from({ length: 20 }, (_, n) => `e${n}`);
    await Promise.all(ids.map((id) => sink.send([envelope(id)], signal)));
    expect((await broker.records('concurrent')).map(({ key }) => key).sort()).toEqual(ids.sort());
  });

  let topics = 0;
  sinkConformance('kafka', {
    promises: { order: 'all', afterRejection: 'any of it', refusals: 'whole batch' },
    can: ['fail', 'hang', 'lock'],
    async open() {
      const topic = `conformance-${++topics}`;
      await broker.createTopic(topic);
      const sasl = { username: broker.user, password: broker.password };
      const sink = kafkaSink({ brokers: [broker.secure], topic, sasl, tls: { caFile: broker.caFile } });
      return {
        sink,
        received: async () => (await broker.records(topic)).map(({ value }) => value),
        down: broker.kill,
        async back() {
          await broker.start();
          await expect.poll(() => broker.count(topic).catch(() => undefined), { timeout: 60_000 }).toBe(0);
        },
        hang() {
          broker.freeze();
          return () => new Promise(setImmediate);
        },
        go: broker.thaw,
        lock: () => sink.setPassword('wrong'),
        unlock: () => sink.setPassword(broker.password),
        stop: async () => undefined,
      };
    },
  });
});
