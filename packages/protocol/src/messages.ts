/** The messages of a session's channels, with their schemas. Telemetry lines have none: see envelope.ts. PROTOCOL.md section 8. */
import { z } from 'zod';
import { controlInForce, controlState, controlVersion, effectiveState } from './control-state.ts';

const requestId = z.string();
const count = z.number().int().nonnegative();
const request = z.looseObject({ request_id: requestId });

/** What a runner writes on its events channel, apart from `telemetry` and `network_event`. PROTOCOL.md section 8.1. */
export const eventMessage = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('losses'),
    epoch: z.string(),
    emitted: count,
    written: count,
    dropped: z.record(z.string(), count),
    withheld: z.record(z.string(), count).optional(),
    control: controlInForce.optional(),
    last: z.boolean().optional(),
  }),
  z.looseObject({
    type: z.literal('runner_ready'),
    runner_job_id: z.string().nullish(),
    startup_ms: z.number().nonnegative().optional(),
    epoch: z.string().optional(),
    telemetry_enabled: z.boolean().optional(),
    sampling_rate: z.number().optional(),
    control: controlInForce.optional(),
  }),
  z.looseObject({ type: z.literal('logs'), lines: z.array(z.string()) }),
  z.looseObject({ type: z.literal('notification'), payload: z.unknown() }),
  z.looseObject({ type: z.literal('pong'), request_id: requestId.nullish(), timestamp: z.number() }),
  request.extend({ type: z.literal('api_response'), status: z.number().int().optional() }),
  request.extend({ type: z.literal('stream_started') }),
  request.extend({ type: z.literal('stream_stopped') }),
  request.extend({ type: z.literal('parameters_ack') }),
  z.looseObject({
    type: z.literal('error'),
    request_id: requestId.nullish(),
    error: z.unknown().optional(),
    message: z.unknown().optional(),
  }),
  z.looseObject({
    type: z.literal('control_applied'),
    ...controlVersion.shape,
    expired: z.literal(true).optional(),
    state: effectiveState,
  }),
  z.looseObject({
    type: z.literal('control_refused'),
    ...controlVersion.shape,
    reason: z.string(),
    message: z.string().optional(),
    state: effectiveState,
  }),
]);

/** What a client writes on a session's control channel. PROTOCOL.md section 8.2. */
export const controlMessage = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('ping'), request_id: requestId.nullish(), timestamp: z.number() }),
  z.looseObject({
    type: z.literal('start_stream'),
    request_id: requestId.nullish(),
    params: z.record(z.string(), z.unknown()).optional(),
  }),
  z.looseObject({ type: z.literal('stop_stream'), request_id: requestId.nullish() }),
  z.looseObject({
    type: z.literal('parameters'),
    request_id: requestId.nullish(),
    params: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({
    type: z.literal('api'),
    request_id: requestId.nullish(),
    method: z.string(),
    path: z.string(),
    body: z.unknown().optional(),
  }),
  z.looseObject({ type: z.literal('control'), ...controlVersion.shape, state: controlState }),
  z.looseObject({ type: z.literal('keep') }),
]);

export type EventMessage = z.infer<typeof eventMessage>;
export type ControlMessage = z.infer<typeof controlMessage>;

/** The runner's counters, cumulative for one start of it. PROTOCOL.md section 8.4. */
export type Losses = Extract<EventMessage, { type: 'losses' }>;

/** The two types that carry an envelope in `event`. */
export const TELEMETRY = 'telemetry';
export const NETWORK_EVENT = 'network_event';

/** The names of a session's channels. PROTOCOL.md section 8. */
export function sessionChannels(session: string): { events: string; control: string; out: string } {
  return { events: `${session}-events`, control: `${session}-control`, out: `${session}-out` };
}

/** The URL of a channel below a server's base URL, the name percent-encoded. */
export function channelUrl(base: string, channel: string): string {
  return `${base.replace(/\/+$/, '')}/${encodeURIComponent(channel)}`;
}
