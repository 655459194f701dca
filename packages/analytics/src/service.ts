/** The lifecycle a telemetry service is told of. EGRESS 3.1: LiveKit's interface, in camelCase, keyed by room as well as by participant. */
import type { EgressInfo, ExtraWebhook, Facts, IngressInfo, Participant, Room, Track, WebhookInfo } from './records.ts';
import type { ReferenceGuard } from './reference-guard.ts';
import type { AnalyticsStat, StatsKey } from './track-stat.ts';

export interface ParticipantOptions {
  /** One who may say that the participant has left; the worker closes with the last of them. Default: one guard that all calls without a guard share. */
  readonly guard?: ReferenceGuard;
}

export interface SendOptions {
  /** Default true. */
  readonly shouldSendEvent?: boolean;
}

export interface ClientOptions {
  readonly clientInfo?: Facts;
  readonly clientMeta?: Facts;
}

export interface WebhookOptions {
  /** Receivers of this one call. */
  readonly extraWebhooks?: readonly ExtraWebhook[];
}

/** Every method returns at once and never throws; what it is given is copied one level deep, and its time is that of the call. */
export interface TelemetryService {
  /** Called again and again for each track in either direction. For a participant who has not joined it is dropped and counted. */
  trackStats(roomId: string, roomName: string, key: StatsKey, stat: AnalyticsStat): void;

  roomStarted(room: Room): void;
  roomEnded(room: Room): void;

  /** A participant has a signalling connection. No webhook. */
  participantJoined(room: Room, participant: Participant, o?: ParticipantOptions & SendOptions & ClientOptions): void;
  /** A participant has a media connection: webhook `participant_joined`, unless it migrated here. */
  participantActive(
    room: Room,
    participant: Participant,
    o?: ParticipantOptions & ClientOptions & { readonly isMigration?: boolean },
  ): void;
  participantResumed(
    room: Room,
    participant: Participant,
    nodeId: string,
    reason: string,
    o?: ParticipantOptions,
  ): void;
  /** `participant_left`, or `participant_connection_aborted` for one who never became active. */
  participantLeft(room: Room, participant: Participant, o?: ParticipantOptions & SendOptions): void;

  trackPublishRequested(room: Room, participant: Participant, track: Track): void;
  trackPublished(room: Room, participant: Participant, track: Track, o?: SendOptions): void;
  trackUnpublished(room: Room, participant: Participant, track: Track, o?: SendOptions): void;
  trackSubscribeRequested(room: Room, participant: Participant, track: Track): void;
  trackSubscribed(room: Room, participant: Participant, track: Track, publisher: Participant, o?: SendOptions): void;
  trackUnsubscribed(room: Room, participant: Participant, track: Track, o?: SendOptions): void;
  trackSubscribeFailed(room: Room, participant: Participant, trackId: string, error: Error, isUserError: boolean): void;
  trackMuted(room: Room, participant: Participant, track: Track): void;
  trackUnmuted(room: Room, participant: Participant, track: Track): void;
  trackPublishedUpdate(room: Room, participant: Participant, track: Track): void;
  trackMaxSubscribedVideoQuality(
    room: Room,
    participant: Participant,
    track: Track,
    mimeType: string,
    maxQuality: string,
  ): void;
  trackPublishRTPStats(
    room: Room,
    participant: Participant,
    trackId: string,
    mimeType: string,
    layer: number,
    stats: Facts,
  ): void;
  trackSubscribeRTPStats(room: Room, participant: Participant, trackId: string, mimeType: string, stats: Facts): void;

  egressStarted(info: EgressInfo, o?: WebhookOptions): void;
  egressUpdated(info: EgressInfo, o?: WebhookOptions): void;
  egressEnded(info: EgressInfo, o?: WebhookOptions): void;
  ingressCreated(info: IngressInfo): void;
  ingressDeleted(info: IngressInfo): void;
  ingressStarted(info: IngressInfo): void;
  ingressUpdated(info: IngressInfo): void;
  ingressEnded(info: IngressInfo): void;

  localRoomState(info: Facts): void;
  report(info: Facts): void;
  apiCall(info: Facts): void;
  /** The notifier's processed hook: an analytics event, never a webhook. */
  webhook(info: WebhookInfo): void;
  /** The webhook alone, without an analytics event. */
  notifyEgressEvent(event: string, info: EgressInfo, o?: WebhookOptions): void;
  /** Resolves when what was called before has been emitted, statistics included. It also runs by itself, every 30 s. */
  flushStats(): Promise<void>;
  /** Ends the service: a last flush, then the notifier's queues (dropped with `drop`), then nothing more. Idempotent; never rejects. */
  stop(o?: { readonly drop?: boolean }): Promise<void>;
}
