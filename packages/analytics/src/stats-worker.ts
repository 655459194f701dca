/** The statistics of one participant in one room, between two flushes. EGRESS 3.8 to 3.15. */
import { coalesce, type Preset, type Sample } from './preset.ts';
import type { Participant, Room } from './records.ts';
import { ReferenceCount, type ReferenceGuard } from './reference-guard.ts';
import { type AnalyticsStat, type StatsKey, type StreamType, trackPreset } from './track-stat.ts';

/** What a track's samples since the last flush came to. Figures besides these are those of the preset. */
export interface CoalescedStat extends Sample {
  readonly kind: StreamType;
  readonly preset: string;
  /** When it was flushed, in milliseconds since 1970. */
  readonly timestampMs: number;
  readonly roomId: string;
  readonly roomName: string;
  readonly participantId: string;
  readonly trackId: string;
}

/** How long a closed worker is kept for statistics that come late: 3 minutes. */
const KEPT_MS = 180_000;
/** Most samples between two flushes, all tracks together. */
const MOST_SAMPLES = 4096;

interface Pile {
  readonly key: StatsKey;
  readonly preset: Preset;
  readonly samples: Sample[];
}

export class StatsWorker {
  isConnected = false;
  readonly room: Room;
  readonly participant: Participant;
  readonly #guards = new ReferenceCount();
  #piles = new Map<string, Pile>();
  #samples = 0;
  #closedAt: number | undefined;

  constructor(room: Room, participant: Participant, guard: ReferenceGuard) {
    this.room = room;
    this.participant = participant;
    this.#guards.hold(guard);
  }

  /** Whether the worker is closed; if it is not, `guard` keeps it open from now on. */
  closed(guard: ReferenceGuard): boolean {
    if (this.#closedAt !== undefined) return true;
    this.#guards.hold(guard);
    return false;
  }

  /** Releases `guard`. True if that closed the worker. */
  close(guard: ReferenceGuard, now: number): boolean {
    if (this.#closedAt !== undefined || !this.#guards.release(guard)) return false;
    this.#closedAt = now;
    return true;
  }

  /** Closed for more than three minutes. */
  expired(now: number): boolean {
    return this.#closedAt !== undefined && now - this.#closedAt > KEPT_MS;
  }

  /** False if there is no room for it before the next flush. */
  add(key: StatsKey, stat: AnalyticsStat): boolean {
    if (this.#samples >= MOST_SAMPLES) return false;
    this.#samples++;
    const { preset = trackPreset } = key;
    const name = JSON.stringify([key.streamType, preset.name, key.trackId]);
    const pile: Pile = this.#piles.get(name) ?? { key, preset, samples: [] };
    this.#piles.set(name, pile);
    pile.samples.push(stat as Sample);
    return true;
  }

  /** What was added since the last flush, one entry a track and direction, up before down. */
  flush(timestampMs: number): CoalescedStat[] {
    const piles = [...this.#piles.values()];
    this.#piles = new Map();
    this.#samples = 0;
    return (['UPSTREAM', 'DOWNSTREAM'] as const).flatMap((kind) =>
      piles
        .filter(({ key }) => key.streamType === kind)
        .map(({ key, preset, samples }) => ({
          ...coalesce(samples, preset),
          kind,
          preset: preset.name,
          timestampMs,
          roomId: this.room.sid,
          roomName: this.room.name,
          participantId: this.participant.sid,
          trackId: key.trackId,
        })),
    );
  }
}
