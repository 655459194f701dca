/** Apache Kafka: one record an envelope, key = event id, value = the envelope's bytes. EGRESS 1.18. */
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import type { Producer } from '@platformatic/kafka';
import { type Clock, type Envelope, type Sink, systemClock, unlessAborted } from '@runnel/protocol';
import { Credential, type Key } from './credential.ts';
import { kafkaError } from './kafka-error.ts';
import { loadPeer } from './peer.ts';

const KAFKA_TOPIC = 'scope-events';

export interface KafkaSinkOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  /** Default `kafka`. */
  readonly name?: string;
  /** Default `scope-events`. */
  readonly topic?: string;
  /** SASL PLAIN, over TLS unless `tls` says otherwise. Default: none. */
  readonly sasl?: { readonly username: string; readonly password: Key };
  /** Default: on with `sasl`, off without. `caFile` names the certificates to trust, in PEM, beside those of the system. */
  readonly tls?: boolean | { readonly caFile: string };
  /** Whether brokers that make topics by themselves are asked to. Default true. */
  readonly createTopic?: boolean;
  readonly clock?: Clock;
}

/**
 * A batch is acknowledged when all in-sync replicas have all of it. Order holds within a partition, and Kafka spreads records over partitions by key; a
 * session's events are in one order only where the topic has one partition. The client tries once and does not use Kafka's idempotence, which
 * covers its own attempts alone: a batch that is sent again may be there twice, under the same keys. On abort the connections are cut.
 *
 * `@platformatic/kafka` is loaded with the first batch; `send` rejects with a TrickleError `invalid` when it is not installed.
 */
export function kafkaSink(options: KafkaSinkOptions): Sink & { setPassword(password: Key): void } {
  const { name = 'kafka', topic = KAFKA_TOPIC, sasl, clock = systemClock } = options;
  const password = new Credential(sasl?.password ?? '', clock);
  let producer: Bytes | undefined;
  const letGo = async () => {
    const gone = producer;
    producer = undefined;
    await gone?.close();
  };
  return {
    name,
    // A broker's default limit is 1,048,588 bytes for a batch with its framing.
    traits: {
      order: 'all',
      maxBatch: 1000,
      maxBytes: 900_000,
      destination: `kafka:${[...options.brokers].sort().join()}`,
    },
    async send(batch, signal) {
      signal.throwIfAborted();
      if (batch.length === 0) return;
      try {
        producer ??= await connect(options, password);
        await unlessAborted(producer.send({ messages: batch.map((each) => record(topic, each)) }), signal);
      } catch (error) {
        // Connections that failed or hang are not to be trusted with the next attempt. Nobody waits for them to close, and how they do is their matter.
        letGo().catch(() => undefined);
        signal.throwIfAborted();
        throw kafkaError(error, topic);
      }
    },
    setPassword: (key) => password.set(key),
    renewed: (signal) => password.renewed(signal),
    close: letGo,
  };
}

type Bytes = Producer<Buffer, Buffer, Buffer, Buffer>;

/** Resolves if the client is installed; rejects with a TrickleError `invalid` that says what to install. */
export async function needKafka(): Promise<void> {
  await loadKafka();
}

const loadKafka = () => loadPeer('@platformatic/kafka', '2', () => import('@platformatic/kafka'));

async function connect(
  { brokers, sasl, tls, createTopic = true }: KafkaSinkOptions,
  password: Credential,
): Promise<Bytes> {
  const { Producer, ProduceAcks } = await loadKafka();
  const overTls = tls ?? sasl !== undefined;
  return new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: 'runnel-egress',
    bootstrapBrokers: [...brokers],
    acks: ProduceAcks.ALL,
    idempotent: false,
    // The lane tries again, nobody else.
    retries: 0,
    repeatOnStaleMetadata: false,
    autocreateTopics: createTopic,
    ...(overTls && { tls: typeof overTls === 'object' ? { ca: await trusted(overTls.caFile) } : {} }),
    ...(sasl && { sasl: { mechanism: 'PLAIN', username: sasl.username, password: () => password.use() } }),
  });
}

function record(topic: string, { id, bytes }: Envelope) {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { topic, value, ...(id && { key: Buffer.from(id) }) };
}

/** What the system trusts, and the certificates of the file. */
async function trusted(caFile: string): Promise<string[]> {
  return [...getCACertificates('default'), await readFile(caFile, 'utf8')];
}
