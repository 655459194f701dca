/** CloudEvents 1.0 over HTTP, in batches. */
import type { Clock } from '@runnel/protocol';
import { cloudEventsCodec } from './codec/cloud-events.ts';
import type { Key } from './credential.ts';
import { type HttpSink, httpSink } from './http.ts';

export interface CloudEventsSinkOptions {
  readonly url: string;
  /** Default `cloudevents`. */
  readonly name?: string;
  /** What comes before the connection id in each event's `source`. Default `/scope`. */
  readonly source?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer <key>`. */
  readonly key?: Key;
  readonly clock?: Clock;
}

/** POSTs `application/cloudevents-batch+json`; promises and refusals are those of `httpSink`. */
export function cloudEventsSink({ name = 'cloudevents', source, ...options }: CloudEventsSinkOptions): HttpSink {
  return httpSink({ ...options, name, codec: cloudEventsCodec(source === undefined ? {} : { source }) });
}
