/** The sinks of this package with the other side that each of them has. */
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudEventsSink } from '../src/cloudevents.ts';
import { type Codec, cloudEventsCodec, otlpLogsCodec, scopeCodec, scopeMetricsCodec } from '../src/codec/index.ts';
import { fileSink } from '../src/file.ts';
import { type HttpSink, httpSink } from '../src/http.ts';
import { logSink } from '../src/log.ts';
import { memorySink } from '../src/memory.ts';
import { metricsSink } from '../src/metrics.ts';
import { otlpSink } from '../src/otlp.ts';
import { webhookSink } from '../src/webhook.ts';
import type { Can, Conformance, Promises, Subject } from './conformance.ts';
import { envelope, textOf } from './envelopes.ts';
import { type Received, scriptedServer } from './scripted-server.ts';

const byHttp: Promises = { order: 'all', afterRejection: 'any of it', refusals: 'whole batch' };

const everything: readonly Can[] = ['fail', 'hang', 'refuse', 'lock'];

export const subjects: Record<string, Conformance> = {
  memory: { promises: { order: 'all', afterRejection: 'nothing', refusals: 'none' }, can: [], open: memory },
  log: { promises: { order: 'all', afterRejection: 'any of it', refusals: 'none' }, can: ['hang'], open: log },
  file: { promises: { order: 'all', afterRejection: 'nothing', refusals: 'none' }, can: ['fail'], open: file },
  http: { promises: byHttp, can: everything, open: () => overHttp((url) => httpSink({ url, key: 'k' }), scopeCodec()) },
  metrics: {
    promises: byHttp,
    can: everything,
    open: () => overHttp((url) => metricsSink({ url, key: 'k' }), scopeMetricsCodec()),
  },
  cloudevents: {
    promises: byHttp,
    can: everything,
    open: () => overHttp((url) => cloudEventsSink({ url, key: 'k' }), cloudEventsCodec()),
  },
  otlp: {
    promises: byHttp,
    can: everything,
    open: () => overHttp((url) => otlpSink({ url, key: 'k' }), otlpLogsCodec()),
  },
  webhook: {
    promises: { order: 'key', afterRejection: 'any of it', refusals: 'by place' },
    can: ['fail', 'hang', 'refuse'],
    open: () => overHttp((url) => webhookSink({ url }), undefined),
  },
};

async function memory(): Promise<Subject> {
  const sink = memorySink();
  return { sink, received: async () => sink.envelopes.map(textOf), stop: async () => undefined };
}

/** Its lines are for people; here each stands for the envelope that it names. */
async function log(): Promise<Subject> {
  const ids: string[] = [];
  let full = false;
  let asked = Promise.withResolvers<void>();
  const write = async (line: string) => {
    asked.resolve();
    if (full) await new Promise(() => undefined);
    ids.push(/ id=(\S+) /.exec(line)?.[1] ?? '');
  };
  return {
    sink: logSink({ write }),
    received: async () => ids.map((id) => (id === 'x' ? '{"id":"x", no' : textOf(envelope(id)))),
    hang() {
      full = true;
      asked = Promise.withResolvers();
      return () => asked.promise;
    },
    go: () => {
      full = false;
    },
    stop: async () => undefined,
  };
}

async function file(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-conformance-'));
  const path = join(folder, 'events.ndjson');
  const lines = async () => (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  return {
    sink: fileSink({ path }),
    received: () => lines().catch(() => []),
    down: () => rename(folder, `${folder}-away`),
    back: () => rename(`${folder}-away`, folder),
    stop: () => rm(folder, { recursive: true }),
  };
}

/** A server that the sink POSTs to. Without a codec a body is one envelope. */
async function overHttp(
  make: (url: string) => ReturnType<typeof webhookSink> | HttpSink,
  codec: Codec | undefined,
): Promise<Subject> {
  const server = await scriptedServer();
  const sink = make(server.url);
  const accepted: Received[] = [];
  let refused: string | undefined;
  let state: 'open' | 'hanging' | 'locked' = 'open';
  server.answer((request) => {
    if (state === 'hanging') return 'hang';
    if (state === 'locked' && request.headers.authorization === 'Bearer k') return { status: 401 };
    if (refused && request.body.includes(`"${refused}"`)) return { status: 422 };
    accepted.push(request);
    return undefined;
  });
  const decoded = ({ body }: Received) =>
    codec ? codec.decode(Buffer.from(body)).map((bytes) => textOf({ bytes })) : [body];
  return {
    sink,
    received: async () => accepted.flatMap(decoded),
    asked: () => server.received.length,
    down: server.stop,
    back: server.start,
    hang() {
      state = 'hanging';
      const next = server.received.length + 1;
      return () => server.request(next);
    },
    go: () => {
      state = 'open';
    },
    refuse: (id) => {
      refused = id;
    },
    ...('setKey' in sink && {
      lock: () => {
        state = 'locked';
      },
      unlock: () => sink.setKey('another'),
    }),
    stop: server.stop,
  };
}
