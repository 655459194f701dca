/** Sentry's logger, without integrations, over a transport that takes every envelope and does nothing with it. */
import * as Sentry from '@sentry/node';
import type { Emitter } from './emitter.ts';

export function logger(): Emitter {
  Sentry.init({
    dsn: 'http://key@127.0.0.1:9/1',
    defaultIntegrations: false,
    transport: (options) => Sentry.createTransport(options, async () => ({ statusCode: 200 })),
  });
  return {
    call: (data) => Sentry.logger.info('stream_heartbeat', data),
    drained: () => Sentry.flush(),
    close: () => Sentry.close(),
  };
}
