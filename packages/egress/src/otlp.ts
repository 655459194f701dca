/** Logs over OTLP/HTTP, in the JSON encoding. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import type { Clock, SendReport } from '@runnel/protocol';
import { z } from 'zod';
import { otlpLogsCodec } from './codec/otlp-logs.ts';
import type { Key } from './credential.ts';
import { type HttpSink, httpSink } from './http.ts';
import type { Answer } from './post.ts';

export interface OtlpSinkOptions {
  /** The whole URL, its path included; a collector's is `http://localhost:4318/v1/logs`. */
  readonly url: string;
  /** Default `otlp`. */
  readonly name?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer <key>`. */
  readonly key?: Key;
  readonly clock?: Clock;
}

/**
 * POSTs an ExportLogsServiceRequest; promises and refusals are those of `httpSink`. A partial success is honoured: what the other side rejected is
 * reported and never sent again. It says how many and not which, so they have no place unless it was all of them. Any 5xx counts as an outage,
 * where the specification would have 500 be final: nothing is lost by waiting.
 */
export function otlpSink({ name = 'otlp', ...options }: OtlpSinkOptions): HttpSink {
  return httpSink({ ...options, name, codec: otlpLogsCodec(), readReport: partialSuccess });
}

/** 64-bit integers are strings in protobuf's JSON, numbers are accepted. */
const response = z.object({
  partialSuccess: z.object({
    rejectedLogRecords: z.coerce.number().int().nonnegative(),
    errorMessage: z.string().default(''),
  }),
});

function partialSuccess({ text }: Answer, sent: number): SendReport | undefined {
  const { data } = response.safeParse(parse(text));
  if (!data || data.partialSuccess.rejectedLogRecords === 0) return undefined;
  const { rejectedLogRecords, errorMessage } = data.partialSuccess;
  const reason = errorMessage || 'rejected';
  if (rejectedLogRecords < sent) return { unnamed: { count: rejectedLogRecords, reason } };
  return { refused: Array.from({ length: sent }, (_, place) => ({ place, reason })) };
}

/** A 2xx is an acceptance whatever its body is; many servers answer an empty one. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
