/** pino, a logger: written at once, gathered, and with a level that is off. Nothing is routed, kept or counted. */
import pino, { type Logger } from 'pino';
import type { Emitter } from './emitter.ts';

const destination = (options: { sync: boolean; minLength?: number }) =>
  pino.destination({ dest: '/dev/null', ...options });

export const sync = (): Emitter => logging(pino(destination({ sync: true })));
export const gathered = (): Emitter => logging(pino(destination({ sync: false, minLength: 4096 })));
export const silent = (): Emitter => logging(pino({ level: 'silent' }, destination({ sync: true })));

function logging(logger: Logger): Emitter {
  return { call: (data) => logger.info(data, 'stream_heartbeat') };
}
