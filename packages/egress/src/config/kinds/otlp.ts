import { z } from 'zod';
import { otlpSink } from '../../otlp.ts';
import { given, headers, httpUrl, key, sinkKind } from '../kind.ts';

/**
 * `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, with `OTEL_EXPORTER_OTLP_LOGS_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS`. The general endpoint adds no sink: it is
 * often set for a program's own traces, which is no wish to send events of users there.
 */
export const otlp = sinkKind({
  schema: z.strictObject({ url: httpUrl, headers: headers.optional(), key: key.optional() }),
  remote: true,
  fromEnv(env) {
    const url = env.text('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT');
    if (url === undefined) return [];
    const own = env.list('OTEL_EXPORTER_OTLP_LOGS_HEADERS');
    const pairs = own.length > 0 ? own : env.list('OTEL_EXPORTER_OTLP_HEADERS');
    return [{ url, headers: Object.fromEntries(pairs.map(pair)) }];
  },
  open: (config, name) => otlpSink(given({ ...config, name })),
});

/** `name=value`, the value percent-encoded, as in W3C Baggage. */
function pair(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  const encoded = value.join('=').trim();
  return [name.trim(), /%(?![0-9a-f]{2})/i.test(encoded) ? encoded : decodeURIComponent(encoded)];
}
