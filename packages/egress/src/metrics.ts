/** The metrics API: EGRESS section 2, TRICKLE.md section 7.5. */
import type { Clock } from '@runnel/protocol';
import { scopeMetricsCodec } from './codec/scope-metrics.ts';
import type { Key } from './credential.ts';
import { type HttpSink, httpSink } from './http.ts';

const METRICS_URL = 'https://api.daydream.monster/v1/metrics';

export interface MetricsSinkOptions {
  readonly key: Key;
  /** Default `https://api.daydream.monster/v1/metrics`. */
  readonly url?: string;
  /** Default `metrics`. */
  readonly name?: string;
  /** The body's `app`. Default `scope`. */
  readonly app?: string;
  /** The body's `host`. Default: this machine's name. */
  readonly host?: string;
  /** Most events of a request, at most the API's 500. Default 500. */
  readonly maxBatch?: number;
  /** How long a batch that is not full waits, in milliseconds. Default 2,000. */
  readonly flushMs?: number;
  /** Default 30, the limit that was observed. */
  readonly requestsPerMinute?: number;
  /** What a 403 means. Default `refuse`; `pause` treats it like a 401. */
  readonly forbidden?: 'refuse' | 'pause';
  readonly clock?: Clock;
}

/** POSTs `{app, host, events}` with the key as bearer; promises and refusals are those of `httpSink`. */
export function metricsSink(options: MetricsSinkOptions): HttpSink {
  const { url = METRICS_URL, name = 'metrics', app, host, flushMs = 2000, requestsPerMinute = 30, ...rest } = options;
  const codec = scopeMetricsCodec({ ...(app !== undefined && { app }), ...(host !== undefined && { host }) });
  return httpSink({ ...rest, url, name, codec, flushMs, requestsPerMinute, maxBodyBytes: 1_000_000 });
}
