/** OpenTelemetry's logs with the batch processor and an exporter that takes a batch and does nothing: nothing is serialised. */
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Emitter } from './emitter.ts';

export function logs(): Emitter {
  const exporter: ConstructorParameters<typeof BatchLogRecordProcessor>[0]['exporter'] = {
    export: (_batch, done) => done({ code: 0 }),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('bench');
  return {
    call: (data) => logger.emit({ eventName: 'stream_heartbeat', attributes: data }),
    drained: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}
