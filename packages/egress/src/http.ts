/** Batches by HTTP POST: any URL, codec and headers. The metrics API, OTLP and CloudEvents are this sink with another codec. */
import { hash } from 'node:crypto';
import { type Clock, type Envelope, type SendReport, type Sink, SinkError, systemClock } from '@runnel/protocol';
import { accept, type Forbidden } from './answer.ts';
import type { Codec } from './codec/codec.ts';
import { scopeCodec } from './codec/scope.ts';
import { bearer, Credential, type Key } from './credential.ts';
import { type Answer, post } from './post.ts';

export interface HttpSinkOptions {
  /** http or https. */
  readonly url: string;
  /** Default `http`. */
  readonly name?: string;
  /** Default: the envelopes as NDJSON. */
  readonly codec?: Codec;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer <key>`. */
  readonly key?: Key;
  /** What a 403 means. Default `refuse`: something in the batch is not acceptable. `pause`: the key is not. */
  readonly forbidden?: Forbidden;
  /** Most bytes of a request's body; a batch that would be longer is `too_large` without having been sent. Default 1,000,000. */
  readonly maxBodyBytes?: number;
  /** Most envelopes of a request. Default 500. */
  readonly maxBatch?: number;
  /** How long a batch that is not full may wait, in milliseconds. Default 0. */
  readonly flushMs?: number;
  /** Default: no limit. */
  readonly requestsPerMinute?: number;
  /** Reads the answer to an accepted batch of `sent` envelopes for those that were not taken; places count among the sent. */
  readonly readReport?: (answer: Answer, sent: number) => SendReport | undefined;
  readonly clock?: Clock;
}

export interface HttpSink extends Sink {
  /** Another key, for the next request and for a caller that waits in `renewed`. */
  setKey(key: Key): void;
}

/**
 * POSTs each batch as one request, with an `Idempotency-Key` that is the same whenever the same envelopes are sent. A batch is acknowledged when the
 * whole answer is there and its status is 2xx; 401 is `unauthorized`, 413 `too_large`, 429 `throttled`, other 4xx but 408 and 425 `refused`, everything
 * else `unavailable`. Envelopes that have no form in the codec are refused by place and do not hold up the others.
 */
export function httpSink(options: HttpSinkOptions): HttpSink {
  const { url, name = 'http', codec = scopeCodec(), key, forbidden = 'refuse', readReport } = options;
  const { maxBodyBytes = 1_000_000, maxBatch = 500, flushMs, requestsPerMinute, clock = systemClock } = options;
  const fixed = new Headers({ 'content-type': codec.contentType });
  for (const [header, value] of Object.entries(options.headers ?? {})) fixed.set(header, value);
  const credential = new Credential(key ?? '', clock);
  let authorized = key !== undefined;
  return {
    name,
    traits: {
      order: 'all',
      maxBatch,
      maxBytes: maxBodyBytes,
      ...(codec.overheadBytes !== undefined && { overheadBytes: codec.overheadBytes }),
      destination: new URL(url).origin,
      ...(flushMs !== undefined && { flushMs }),
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    },
    async send(batch, signal) {
      signal.throwIfAborted();
      const { body, refused } = codec.encode(batch);
      const sent = batch.length - refused.length;
      if (sent === 0) return { refused };
      if (body.length > maxBodyBytes)
        throw new SinkError('too_large', `a body of ${body.length} bytes is over the limit of ${maxBodyBytes}`);
      const headers = new Headers(fixed);
      headers.set('idempotency-key', digest(body));
      if (authorized) headers.set('authorization', bearer(await credential.use()));
      const answer = await post(url, { headers, body }, signal);
      accept(url, answer, { clock, forbidden });
      const report = readReport?.(answer, sent);
      return report ? merged(batch, refused, report) : { refused };
    },
    setKey(key) {
      authorized = true;
      credential.set(key);
    },
    renewed: (signal) => credential.renewed(signal),
    async close() {},
  };
}

const digest = (body: Uint8Array): string => hash('sha256', body).slice(0, 32);

/** Puts the places that the other side counts, among what was sent, back among the batch. */
function merged(
  batch: readonly Envelope[],
  refused: NonNullable<SendReport['refused']>,
  report: SendReport = {},
): SendReport {
  const unsent = new Set(refused.map(({ place }) => place));
  const sent = [...batch.keys()].filter((place) => !unsent.has(place));
  const others = report.refused?.map(({ place, reason }) => ({ place: sent[place] as number, reason })) ?? [];
  return {
    ...report,
    refused: [...refused, ...others].sort((a, b) => a.place - b.place),
    ...(report.retry && { retry: report.retry.map((place) => sent[place] as number) }),
  };
}
