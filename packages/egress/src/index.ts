export { type CloudEventsSinkOptions, cloudEventsSink } from './cloudevents.ts';
export type { Env } from './config/environment.ts';
export { type Egress, egressFromEnv, type JournalWishes } from './config/from-env.ts';
export type { Key } from './credential.ts';
export { type FileSinkOptions, fileSink } from './file.ts';
export { type HttpSink, type HttpSinkOptions, httpSink } from './http.ts';
export { type KafkaSinkOptions, kafkaSink } from './kafka.ts';
export { type LogSinkOptions, logSink, standardOutput } from './log.ts';
export { type MemorySink, memorySink } from './memory.ts';
export { type MetricsSinkOptions, metricsSink } from './metrics.ts';
export { type OtlpSinkOptions, otlpSink } from './otlp.ts';
export {
  liveKitSignature,
  standardSignature,
  verifyWebhook,
  WebhookError,
  type WebhookErrorCode,
  type WebhookSignature,
  type WebhookSinkOptions,
  webhookSink,
} from './webhook.ts';
