import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { envelope } from '../../test/envelopes.ts';
import { scriptedServer } from '../../test/scripted-server.ts';
import { egressFromEnv } from './from-env.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnel-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const names = async (env: Record<string, string>) => (await egressFromEnv(env)).sinks.map(({ name }) => name);

async function config(content: unknown): Promise<{ RUNNEL_EGRESS_CONFIG: string }> {
  const path = join(folder, 'egress.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { RUNNEL_EGRESS_CONFIG: path };
}

/** Every line of the complaint. */
async function complaints(env: Record<string, string>): Promise<string[]> {
  const error = await egressFromEnv(env).catch((error) => error);
  expect(error).toMatchObject({ name: 'TrickleError', code: 'invalid' });
  return String(error.message).split('\n- ').slice(1);
}

describe('EGRESS 1.16: each variable adds its sink', () => {
  test.each([
    [{}, []],
    [{ SCOPE_TELEMETRY_LOG_SINK: '1' }, ['log']],
    [{ SCOPE_TELEMETRY_LOG_SINK: 'false' }, []],
    [{ SCOPE_CLOUD_API_KEY: 'k' }, ['metrics']],
    [{ KAFKA_BOOTSTRAP_SERVERS: 'a:9092, b:9092' }, ['kafka']],
    [{ RUNNEL_FILE_PATH: 'events.ndjson' }, ['file']],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c:4318/v1/logs', OTEL_EXPORTER_OTLP_HEADERS: 'x-a=b%20c' }, ['otlp']],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, []],
    [{ RUNNEL_CLOUDEVENTS_URL: 'https://e.example/' }, ['cloudevents']],
    [
      { SCOPE_TELEMETRY_LOG_SINK: 'true', SCOPE_CLOUD_API_KEY: 'k', KAFKA_BOOTSTRAP_SERVERS: '[::1]:1' },
      ['log', 'metrics', 'kafka'],
    ],
  ])('EGRESS 1.16: %o', async (env, expected) => {
    expect(await names(env as Record<string, string>)).toEqual(expected);
  });

  test('EGRESS 3.23: several webhook URLs are several sinks, whose names do not depend on each other', async () => {
    const one = await names({ RUNNEL_WEBHOOK_URL: 'https://b.example/' });
    const two = await names({ RUNNEL_WEBHOOK_URL: 'https://a.example/,https://b.example/' });
    expect(two).toHaveLength(2);
    expect(two[1]).toBe(one[0]);
  });

  test('EGRESS 2.18: the file adds to the variables, and every sink gets every event', async () => {
    const server = await scriptedServer();
    const file = join(folder, 'events.ndjson');
    const sinks = [
      { type: 'http', name: 'mine', url: server.url, codec: 'cloudevents', headers: { 'x-a': 'b' } },
      { type: 'otlp', url: server.url },
    ];
    const env = {
      ...(await config({ sinks })),
      RUNNEL_FILE_PATH: file,
      SCOPE_CLOUD_API_KEY: 'k',
      DAYDREAM_METRICS_URL: server.url,
    };
    const egress = await egressFromEnv(env);
    expect(egress.sinks.map(({ name }) => name)).toEqual(['file', 'metrics', 'mine', 'otlp']);
    expect([...egress.remote]).toEqual(['metrics', 'mine', 'otlp']);
    for (const sink of egress.sinks) await sink.send([envelope('a')], new AbortController().signal);
    for (const { body } of server.received) expect(body).toContain('"a"');
    expect(server.received).toHaveLength(3);
    for (const sink of egress.sinks) await sink.close();
    await server.stop();
  });
});

test('EGRESS 6.10: any sink may have a time to live by type, and stand in for another', async () => {
  const url = 'http://127.0.0.1:1/';
  const sinks = [
    { type: 'http', name: 'whole', url, ttlMs: { stream_heartbeat: 1000, '*': 5000 } },
    { type: 'http', name: 'fresh', url, ttlMs: { '*': 10_000 }, standsInFor: { sink: 'whole' } },
    { type: 'log', ttlMs: { error: 7 } },
  ];
  const egress = await egressFromEnv(await config({ sinks }));
  const [whole, fresh, log] = egress.sinks.map(({ traits }) => traits);
  const of = (type: string) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ id: 'a', data: { type } }));
    return { ...envelope('a'), bytes };
  };
  expect(['stream_heartbeat', 'error'].map((type) => whole?.ttlMs?.(of(type)))).toEqual([1000, 5000]);
  expect(fresh?.ttlMs?.(of('error'))).toBe(10_000);
  expect(fresh).toMatchObject({ order: 'all', maxBatch: 500, standsInFor: { sink: 'whole', behindMs: 5000 } });
  expect(['stream_heartbeat', 'error'].map((type) => log?.ttlMs?.(of(type)))).toEqual([undefined, 7]);
});

test('EGRESS 4.10: what the file says of control is left to the client', async () => {
  expect(await names(await config({ control: { demo: { enabled: false } } }))).toEqual([]);
});

describe('EGRESS 2.1 and 2.3: the variables of the metrics reporter', () => {
  test('EGRESS 2.1: ENABLED=false wins over the key', async () => {
    expect(await names({ SCOPE_CLOUD_API_KEY: 'k', SCOPE_METRICS_ENABLED: 'false' })).toEqual([]);
  });

  test('EGRESS 2.1: ENABLED=true without a key refuses to start', async () => {
    expect(await complaints({ SCOPE_METRICS_ENABLED: 'true' })).toEqual([
      'SCOPE_METRICS_ENABLED is on, and there is no SCOPE_CLOUD_API_KEY',
    ]);
  });

  test('EGRESS 2.3: interval, batch and buffer are honoured', async () => {
    const { sinks, journal } = await egressFromEnv({
      SCOPE_CLOUD_API_KEY: 'k',
      SCOPE_METRICS_FLUSH_INTERVAL_MS: '500',
      SCOPE_METRICS_MAX_BATCH: '50',
      SCOPE_METRICS_MAX_BUFFER: '1000',
      SCOPE_METRICS_BUFFER_PATH: '',
    });
    expect(sinks[0]?.traits).toMatchObject({ flushMs: 500, maxBatch: 50 });
    expect(journal).toEqual({ maxRows: 1000, path: 'off' });
    expect((await egressFromEnv({})).journal).toEqual({});
    expect((await egressFromEnv({ SCOPE_METRICS_BUFFER_PATH: '/b' })).journal).toEqual({ path: '/b' });
  });

  test('EGRESS 2.3, 6.18: what cannot be used is told before anything starts, all at once', async () => {
    const env = {
      SCOPE_CLOUD_API_KEY: 'k',
      SCOPE_METRICS_MAX_BATCH: '501',
      SCOPE_METRICS_FLUSH_INTERVAL_MS: '2s',
      DAYDREAM_METRICS_URL: 'nowhere',
    };
    expect(await complaints(env)).toEqual([
      'SCOPE_METRICS_MAX_BATCH is no whole number from 1 to 500',
      'SCOPE_METRICS_FLUSH_INTERVAL_MS is no whole number from 0 to 3600000',
      'the metrics sink.url: Invalid URL',
    ]);
  });
});

describe('EGRESS 6.18: a config error is told before any data is touched', () => {
  test.each([
    ['no JSON, without quoting it', '{"key":"secret"', /not valid JSON$/],
    ['an unknown type', { sinks: [{ type: 'carrier-pigeon' }] }, /sinks\.0\.type/],
    ['an unknown member', { sinks: [{ type: 'file', path: 'x', colour: 'red' }] }, /sinks\[0\].*colour/],
    ['a missing member', { sinks: [{ type: 'log' }, { type: 'http' }] }, /sinks\[1\]\.url/],
    [
      'a URL with a password, which it does not repeat',
      { sinks: [{ type: 'http', url: 'http://u:secret@h/' }] },
      /user or password/,
    ],
    ['one name twice', { sinks: [{ type: 'log' }, { type: 'file', name: 'log', path: 'x' }] }, /name log stands twice/],
    ['a time to live that is none', { sinks: [{ type: 'log', ttlMs: { '*': 'soon' } }] }, /sinks\[0\]\.ttlMs\.\*/],
    ['a sink that stands in for none', { sinks: [{ type: 'log', standsInFor: { sink: 'x' } }] }, /stands in for x/],
    [
      'a sink that stands in for one that stands in itself',
      {
        sinks: [
          { type: 'log', name: 'a', standsInFor: { sink: 'b' } },
          { type: 'log', name: 'b', standsInFor: { sink: 'c' } },
          { type: 'log', name: 'c' },
        ],
      },
      /a stands in for b, which stands in itself/,
    ],
    ['a secret that is none', { sinks: [{ type: 'webhook', url: 'http://h/', sign: { secret: 'short' } }] }, /sign/],
  ])('EGRESS 6.18: %s', async (_, content, expected) => {
    const [complaint, ...others] = await complaints(await config(content));
    expect(complaint).toMatch(expected);
    expect(complaint).not.toContain('secret"');
    expect(complaint).not.toContain(':secret');
    expect(others).toEqual([]);
  });

  test('EGRESS 6.18: a configuration file that is not there', async () => {
    expect(await complaints({ RUNNEL_EGRESS_CONFIG: join(folder, 'none.json') })).toEqual([
      expect.stringContaining('cannot be read'),
    ]);
  });

  test('EGRESS 1.18: half of the credentials of Kafka', async () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: 'a:9092', KAFKA_SASL_USERNAME: 'u' };
    expect(await complaints(env)).toEqual(['KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD go together, one is missing']);
  });

  test.each(['a', '[::1]', 'a:', 'a:0', 'a:65536', ':9092', 'a:b', 'kafka://a:9092'])(
    'an address of Kafka that is no host and port: %s',
    async (address) => {
      const form = 'brokers.1: must be host:port, such as kafka.example.com:9092';
      expect(await complaints({ KAFKA_BOOTSTRAP_SERVERS: `b:9092,${address}` })).toEqual([`the kafka sink.${form}`]);
      expect(await complaints(await config({ sinks: [{ type: 'kafka', brokers: ['b:9092', address] }] }))).toEqual([
        expect.stringContaining(`sinks[0].${form}`),
      ]);
    },
  );
});
