export { type CloudEventsCodecOptions, cloudEventsCodec } from './cloud-events.ts';
export type { Codec, Encoded, Refusals } from './codec.ts';
export { otlpLogsCodec } from './otlp-logs.ts';
export { scopeCodec } from './scope.ts';
export { type ScopeMetricsCodecOptions, scopeMetricsCodec } from './scope-metrics.ts';
