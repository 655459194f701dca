/** What the service is told about: rooms, participants, tracks and the rest, named as LiveKit names them. All fields a caller adds travel along. */

/** A session is a room: `sid` is its id. */
export interface Room {
  readonly sid: string;
  readonly name: string;
  /** Seconds since 1970. */
  readonly creationTime?: number | bigint;
  readonly metadata?: string;
}

export interface Participant {
  readonly sid: string;
  readonly identity: string;
  readonly name?: string;
  readonly metadata?: string;
}

export interface Track {
  readonly sid: string;
  readonly name?: string;
  readonly type?: string;
  readonly source?: string;
  readonly mimeType?: string;
}

export interface EgressInfo {
  readonly egressId: string;
  readonly roomId?: string;
  readonly roomName?: string;
  readonly status?: string;
  readonly error?: string;
}

export interface IngressInfo {
  readonly ingressId: string;
  readonly name?: string;
  readonly roomName?: string;
  readonly participantIdentity?: string;
}

/** Figures, or any other facts, that are passed on as they are. */
export type Facts = object;

/** A webhook for one call alone, signed with a key of its own. */
export interface ExtraWebhook {
  readonly url: string;
  /** The name of the key; its secret is the notifier's to know. */
  readonly signingKey: string;
}

/** What became of one webhook at one URL. */
export interface WebhookInfo {
  readonly eventId: string;
  readonly event: string;
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly queuedAtMs: number;
  /** When the first attempt began; absent if there was none. */
  readonly sentAtMs?: number;
  readonly queueDurationMs: number;
  /** All attempts together, with the pauses between them. */
  readonly sendDurationMs?: number;
  /** Never handed to its receiver, for `error`: `overflow`, `age`, `shutdown`. */
  readonly isDropped: boolean;
  /** Absent if it was delivered. */
  readonly error?: string;
  readonly roomId?: string;
  readonly roomName?: string;
  readonly participantId?: string;
  readonly participantIdentity?: string;
  readonly trackId?: string;
  readonly egressId?: string;
  readonly ingressId?: string;
}
