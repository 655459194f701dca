import { z } from 'zod';
import { logSink } from '../../log.ts';
import { given, sinkKind } from '../kind.ts';

/** `SCOPE_TELEMETRY_LOG_SINK=true`. */
export const log = sinkKind({
  schema: z.strictObject({}),
  remote: false,
  fromEnv: (env) => (env.flag('SCOPE_TELEMETRY_LOG_SINK') ? [{}] : []),
  open: (_, name) => logSink(given({ name })),
});
