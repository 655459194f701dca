import { z } from 'zod';
import { cloudEventsCodec, otlpLogsCodec, scopeCodec, scopeMetricsCodec } from '../../codec/index.ts';
import { httpSink } from '../../http.ts';
import { given, headers, httpUrl, key, sinkKind } from '../kind.ts';

const codecs = {
  scope: scopeCodec,
  'scope-metrics': scopeMetricsCodec,
  cloudevents: cloudEventsCodec,
  'otlp-logs': otlpLogsCodec,
};

/** Any URL; by the configuration file alone. */
export const http = sinkKind({
  schema: z.strictObject({
    url: httpUrl,
    codec: z.enum(Object.keys(codecs) as (keyof typeof codecs)[]).default('scope'),
    headers: headers.optional(),
    key: key.optional(),
    maxBodyBytes: z.int().positive().optional(),
    maxBatch: z.int().positive().optional(),
    flushMs: z.int().nonnegative().optional(),
    requestsPerMinute: z.int().positive().optional(),
    forbidden: z.enum(['refuse', 'pause']).optional(),
  }),
  remote: true,
  fromEnv: () => [],
  open: ({ url, codec, ...config }, name) => httpSink(given({ ...config, url, name, codec: codecs[codec]() })),
});
