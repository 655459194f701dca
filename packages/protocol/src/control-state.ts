/** What a client wants of a runner's telemetry, stated as a whole, and what the runner says of it. PROTOCOL.md section 8.6. */
import { z } from 'zod';

/** From the least to the most important; `off` lets no line through. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'off'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The longest that timers take, in milliseconds. */
const MOST_MS = 2 ** 31 - 1;
const milliseconds = (least: number) => z.number().int().min(least).max(MOST_MS);
const patterns = z.array(z.string().min(1).max(128)).max(64);

/** A state as it is asked for. A member that is absent is as the runner is configured; members that are not known are left out. */
export const controlState = z.object({
  enabled: z.boolean().optional(),
  sampling: z.object({ rate: z.number(), patterns: patterns.optional() }).optional(),
  filter: z.object({ allowed: patterns.optional(), blocked: patterns.optional() }).optional(),
  heartbeat_ms: milliseconds(100).optional(),
  log_level: z.enum(LOG_LEVELS).optional(),
  expires_ms: milliseconds(1).optional(),
});

/** Whose state it is, and which of his. */
export const controlVersion = z.object({
  client: z.string().min(1).max(128),
  version: z.number().int().nonnegative(),
});

/** The state in force, as a runner reports it: every member but `expires_ms`, which is what is left of it. */
export const effectiveState = z.looseObject({
  enabled: z.boolean(),
  sampling: z.looseObject({ rate: z.number().min(0).max(1), patterns }),
  filter: z.looseObject({ allowed: patterns, blocked: patterns }),
  heartbeat_ms: z.number(),
  log_level: z.enum(LOG_LEVELS),
  expires_ms: z.number().nonnegative().optional(),
});

/** Which state a runner acts by, in `runner_ready` and `losses`; `expired` once it has gone back to its configuration. */
export const controlInForce = z.looseObject({ ...controlVersion.shape, expired: z.literal(true).optional() });

export type ControlState = z.infer<typeof controlState>;
export type ControlVersion = z.infer<typeof controlVersion>;
export type EffectiveState = z.infer<typeof effectiveState>;
export type ControlInForce = z.infer<typeof controlInForce>;
