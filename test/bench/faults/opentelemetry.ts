/** OpenTelemetry's logs: a BatchLogRecordProcessor and the OTLP exporter over HTTP, as its documentation sets them up. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Peer } from './peer.ts';

interface Body {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly body: { readonly stringValue: string } }[];
    }[];
  }[];
}

export const opentelemetry: Peer = {
  name: 'OpenTelemetry JS logs',
  settings: 'defaults: queue 2,048, batch 512, 5 attempts within 10 s; shutdown() of the provider',
  wire: {
    linesOf: (body) =>
      (JSON.parse(body.toString()) as Body).resourceLogs
        .flatMap(({ scopeLogs }) => scopeLogs)
        .flatMap(({ logRecords }) => logRecords)
        .map(({ body }) => body.stringValue),
    idOf: (id) => id,
  },
  start(url, say) {
    const log = (message: string, ...rest: unknown[]) => say([message, ...rest.map(String)].join(' '));
    const quiet = () => {};
    diag.setLogger({ error: log, warn: log, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
    const exporter = new OTLPLogExporter({ url });
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
    const logger = provider.getLogger('demo');
    return {
      send: (id) => logger.emit({ body: id }),
      async shutdown() {
        await provider.shutdown();
        return 'resolved';
      },
    };
  },
};
