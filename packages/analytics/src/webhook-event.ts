/** A webhook's body, as LiveKit's receivers parse it, and the resource whose order it keeps. EGRESS 3.18. */
import type { Envelope } from '@runnel/protocol';
import type { EgressInfo, IngressInfo, Participant, Room, Track, WebhookInfo } from './records.ts';

/** What a webhook says. */
export interface WebhookEvent {
  readonly event: string;
  readonly room?: Partial<Room>;
  readonly participant?: Partial<Participant>;
  readonly track?: Partial<Track>;
  readonly egressInfo?: EgressInfo;
  readonly ingressInfo?: IngressInfo;
  /** Milliseconds since 1970. Default: now. The body has it in seconds. */
  readonly createdAtMs?: number;
}

/** One webhook, made once for all its receivers. */
export interface Notice {
  readonly envelope: Envelope;
  readonly key: string;
  readonly queuedAt: number;
  /** What the processed hook is told whatever the outcome. */
  readonly info: Omit<WebhookInfo, 'url' | 'queueDurationMs' | 'isDropped'>;
}

/** The resource an event is about; events of one resource are sent in order. */
export function resourceKey({ egressInfo, ingressInfo, room, participant, track }: WebhookEvent): string {
  const keys = [egressInfo?.egressId, ingressInfo?.ingressId, room?.name, participant?.identity, track?.sid];
  return keys.find((key) => key) ?? 'default';
}

/** `now` is monotonic, `wallMs` the time of day. */
export function createNotice(event: WebhookEvent, { now, wallMs }: { now: number; wallMs: number }): Notice {
  const { createdAtMs = wallMs, ...members } = event;
  const id = `EV_${crypto.randomUUID()}`;
  const body = { ...members, id, createdAt: String(Math.floor(createdAtMs / 1000)) };
  const key = resourceKey(event);
  return {
    key,
    queuedAt: now,
    envelope: {
      id,
      bytes: new TextEncoder().encode(JSON.stringify(body, longs)),
      session: event.room?.sid ?? key,
      relayedVia: 'local',
      receivedAt: wallMs,
    },
    info: { eventId: id, event: event.event, createdAtMs, queuedAtMs: wallMs, ...idsOf(event) },
  };
}

/** 64-bit integers are strings in protobuf's JSON. */
const longs = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

function idsOf({ room, participant, track, egressInfo, ingressInfo }: WebhookEvent) {
  const ids = {
    roomId: room?.sid ?? egressInfo?.roomId,
    roomName: room?.name ?? egressInfo?.roomName ?? ingressInfo?.roomName,
    participantId: participant?.sid,
    participantIdentity: participant?.identity,
    trackId: track?.sid,
    egressId: egressInfo?.egressId,
    ingressId: ingressInfo?.ingressId,
  };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id)) as Partial<Record<keyof typeof ids, string>>;
}
