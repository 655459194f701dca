import { z } from 'zod';
import { metricsSink } from '../../metrics.ts';
import { given, httpUrl, key, sinkKind } from '../kind.ts';

/** `SCOPE_CLOUD_API_KEY`, unless `SCOPE_METRICS_ENABLED=false`. EGRESS 2.1 and 2.3. */
export const metrics = sinkKind({
  schema: z.strictObject({
    key,
    url: httpUrl.optional(),
    app: z.string().optional(),
    host: z.string().optional(),
    maxBatch: z.int().min(1).max(500).optional(),
    flushMs: z.int().nonnegative().optional(),
    requestsPerMinute: z.int().positive().optional(),
    forbidden: z.enum(['refuse', 'pause']).optional(),
  }),
  remote: true,
  fromEnv(env) {
    const key = env.text('SCOPE_CLOUD_API_KEY');
    const enabled = env.flag('SCOPE_METRICS_ENABLED') ?? key !== undefined;
    const options = {
      key,
      url: env.text('DAYDREAM_METRICS_URL'),
      maxBatch: env.integer('SCOPE_METRICS_MAX_BATCH', 1, 500),
      flushMs: env.integer('SCOPE_METRICS_FLUSH_INTERVAL_MS', 0, 3_600_000),
    };
    if (enabled && key === undefined)
      env.problem('SCOPE_METRICS_ENABLED', 'is on, and there is no SCOPE_CLOUD_API_KEY');
    return enabled && key !== undefined ? [given(options)] : [];
  },
  open: (config, name) => metricsSink(given({ ...config, name })),
});
