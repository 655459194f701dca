/** The trace that a runner's spans belong to, by the words of W3C Trace Context. */

/** A span as others see it. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The application's own tracing. `@runnel/runner/opentelemetry` makes one of OpenTelemetry. */
export interface Tracing {
  /** The span that is active where this is called. */
  active(): TraceContext | undefined;
  /** Runs `work` with `context` as the active span, so that what it asks of others carries it. */
  run<T>(context: TraceContext, work: () => T): T;
}

/** A span below `parent`, or the first of a trace. */
export function childOf(parent: TraceContext | undefined, spanId: string): TraceContext {
  if (parent !== undefined) return { ...parent, spanId };
  return { traceId: crypto.randomUUID().replaceAll('-', ''), spanId, sampled: true };
}

/** The value of a `traceparent` header. */
export function traceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
