/** A real Apache Kafka broker (KRaft, one node) on loopback, for tests. install.sh fetches it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import { certificate, java, javaOptions } from './java.ts';
import { freePorts } from './ports.ts';
import { KAFKA_PASSWORD, KAFKA_USER, properties } from './properties.ts';

/** A broker that does not come up within this time will not. */
const START_MS = 90_000;

export interface KafkaBroker {
  /** `host:port` of the listener without authentication, and of the one with SASL PLAIN over TLS. */
  readonly plain: string;
  readonly secure: string;
  readonly user: typeof KAFKA_USER;
  readonly password: typeof KAFKA_PASSWORD;
  /** The certificate of the secure listener, PEM. */
  readonly caFile: string;
  /** The records of a topic as Apache's own consumer reads them: partition by partition, in order. */
  records(topic: string): Promise<{ partition: number; key: string; value: string }[]>;
  /** How many records a topic has. Rejects while the broker does not serve it. */
  count(topic: string): Promise<number>;
  /** Settings are those of Kafka, such as `max.message.bytes`. */
  createTopic(topic: string, settings?: Record<string, string>): Promise<void>;
  /** SIGKILL; and the same broker again, on the same ports and data. */
  kill(): Promise<void>;
  /** The broker stands still (SIGSTOP) until it goes on (SIGCONT). */
  freeze(): void;
  thaw(): void;
  start(): Promise<void>;
  /** Ends the broker and deletes its data. */
  stop(): Promise<void>;
}

/** Starts a broker that makes topics by itself, with three partitions. Resolves when it answers. */
export async function kafkaBroker(): Promise<KafkaBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-kafka-'));
  const caFile = await certificate(folder);
  const [plain, secure, controller] = await freePorts(3);
  const config = join(folder, 'server.properties');
  await writeFile(config, properties({ folder, plain, secure, controller }));
  await java('kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', config);
  let broker: ChildProcess | undefined;
  const kill = async () => {
    if (!broker || broker.exitCode !== null || broker.signalCode !== null) return;
    broker.kill('SIGKILL');
    await once(broker, 'exit');
  };
  const start = async () => {
    broker = await started(config);
  };
  const count = (topic: string) => admin(plain, (client) => recordCount(client, topic));
  await start();
  return {
    plain: `127.0.0.1:${plain}`,
    secure: `127.0.0.1:${secure}`,
    user: KAFKA_USER,
    password: KAFKA_PASSWORD,
    caFile,
    async records(topic) {
      const records = await count(topic);
      if (records === 0) return [];
      const print = ['partition', 'key'].flatMap((what) => ['--property', `print.${what}=true`]);
      const limit = ['--from-beginning', '--max-messages', String(records), '--timeout-ms', '30000'];
      const from = ['--bootstrap-server', `127.0.0.1:${plain}`, '--topic', topic];
      return parsed(await java('org.apache.kafka.tools.consumer.ConsoleConsumer', ...from, ...limit, ...print));
    },
    count,
    async createTopic(topic, settings = {}) {
      const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin(plain, (client) => client.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs }));
    },
    freeze: () => void broker?.kill('SIGSTOP'),
    thaw: () => void broker?.kill('SIGCONT'),
    kill,
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

async function admin<Result>(port: number, work: (client: Admin) => Promise<Result>): Promise<Result> {
  const client = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${port}`] });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function recordCount(client: Admin, topic: string): Promise<number> {
  const { topics } = await client.metadata({ topics: [topic] });
  const partitions = Array.from({ length: topics.get(topic)?.partitionsCount ?? 0 }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: ListOffsetTimestamps.LATEST,
  }));
  const offsets = await client.listOffsets({ topics: [{ name: topic, partitions }] });
  return offsets.flatMap((each) => each.partitions).reduce((sum, { offset }) => sum + Number(offset), 0);
}

/** Resolves when the broker says that it has started. */
async function started(config: string): Promise<ChildProcess> {
  const broker = spawn('java', [...javaOptions, '-Dlog4j2.level=INFO', 'kafka.Kafka', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test process that dies takes its broker along.
  const orphaned = () => broker.kill('SIGKILL');
  process.once('exit', orphaned);
  broker.once('exit', () => process.off('exit', orphaned));
  let log = '';
  const up = Promise.withResolvers<void>();
  const listen = (chunk: Buffer) => {
    log = (log + chunk).slice(-8000);
    if (log.includes('Kafka Server started')) up.resolve();
  };
  broker.stdout.on('data', listen);
  broker.stderr.on('data', listen);
  broker.once('exit', (code) => up.reject(new Error(`the broker ended with ${code}:\n${log}`)));
  const late = setTimeout(() => up.reject(new Error(`the broker did not start:\n${log}`)), START_MS);
  try {
    await up.promise;
    return broker;
  } catch (error) {
    broker.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** The console consumer's lines: `Partition:0`, key and value, with tabs between them. */
function parsed(text: string): { partition: number; key: string; value: string }[] {
  const lines = text.split('\n').filter((line) => line.startsWith('Partition:'));
  const records = lines.map((line) => {
    const [partition = '', key = '', ...value] = line.split('\t');
    return { partition: Number(partition.slice('Partition:'.length)), key, value: value.join('\t') };
  });
  return records.sort((a, b) => a.partition - b.partition);
}
