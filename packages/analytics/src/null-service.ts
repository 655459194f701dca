/** The telemetry service of those who want none. EGRESS 3.1. */
import type { TelemetryService } from './service.ts';

/** Does nothing, for nothing. */
export class NullTelemetryService implements TelemetryService {
  trackStats(): void {}
  roomStarted(): void {}
  roomEnded(): void {}
  participantJoined(): void {}
  participantActive(): void {}
  participantResumed(): void {}
  participantLeft(): void {}
  trackPublishRequested(): void {}
  trackPublished(): void {}
  trackUnpublished(): void {}
  trackSubscribeRequested(): void {}
  trackSubscribed(): void {}
  trackUnsubscribed(): void {}
  trackSubscribeFailed(): void {}
  trackMuted(): void {}
  trackUnmuted(): void {}
  trackPublishedUpdate(): void {}
  trackMaxSubscribedVideoQuality(): void {}
  trackPublishRTPStats(): void {}
  trackSubscribeRTPStats(): void {}
  egressStarted(): void {}
  egressUpdated(): void {}
  egressEnded(): void {}
  ingressCreated(): void {}
  ingressDeleted(): void {}
  ingressStarted(): void {}
  ingressUpdated(): void {}
  ingressEnded(): void {}
  localRoomState(): void {}
  report(): void {}
  apiCall(): void {}
  webhook(): void {}
  notifyEgressEvent(): void {}
  async flushStats(): Promise<void> {}
  async stop(): Promise<void> {}
}
