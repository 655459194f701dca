export {
  createNotifier,
  type Notifier,
  type NotifierBooks,
  type NotifierOptions,
} from './notifier.ts';
export { NullTelemetryService } from './null-service.ts';
export { type OperationBooks, OperationsQueue, type OperationsQueueOptions } from './operations-queue.ts';
export type { Emit } from './outlet.ts';
export { coalesce, type Fields, type Preset, type Rule, type Sample } from './preset.ts';
export type { WebhookTarget } from './receivers.ts';
export type {
  EgressInfo,
  ExtraWebhook,
  IngressInfo,
  Participant,
  Room,
  Track,
  WebhookInfo,
} from './records.ts';
export type { Reducer } from './reducers.ts';
export { ReferenceGuard } from './reference-guard.ts';
export type {
  ClientOptions,
  ParticipantOptions,
  SendOptions,
  TelemetryService,
  WebhookOptions,
} from './service.ts';
export type { CoalescedStat } from './stats-worker.ts';
export {
  createTelemetryService,
  type RunningTelemetryService,
  type TelemetryBooks,
  type TelemetryServiceOptions,
} from './telemetry-service.ts';
export {
  type AnalyticsStat,
  type AnalyticsStream,
  type AnalyticsVideoLayer,
  type StatsKey,
  type StreamType,
  trackPreset,
} from './track-stat.ts';
export type { WebhookEvent } from './webhook-event.ts';
export type { WebhookFilter } from './webhook-filter.ts';
