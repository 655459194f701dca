/** Spans of a runner as part of an OpenTelemetry application's traces. Needs the package `@opentelemetry/api`. */
import { context, isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import type { Tracing } from './tracing.ts';

export type { TraceContext, Tracing } from './tracing.ts';

/**
 * The active OpenTelemetry span becomes the parent of a runner's span, and the runner's span the active one for the work in it: what that asks
 * of others carries its trace context. Hand it to `createRunner` as `tracing`.
 */
export function openTelemetry(): Tracing {
  return {
    active() {
      const parent = trace.getSpanContext(context.active());
      if (parent === undefined || !isSpanContextValid(parent)) return undefined;
      const { traceId, spanId, traceFlags } = parent;
      return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
    },
    run({ traceId, spanId, sampled }, work) {
      const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
      return context.with(trace.setSpanContext(context.active(), { traceId, spanId, traceFlags }), work);
    },
  };
}
