/** The statistics of a track, and the preset that coalesces them. EGRESS 3.15. */
import type { Preset } from './preset.ts';

export type StreamType = 'UPSTREAM' | 'DOWNSTREAM';

/** Whose statistics they are, and the labels under which they are counted. */
export interface StatsKey {
  readonly streamType: StreamType;
  readonly participantId: string;
  readonly trackId: string;
  /** Two letters, ISO 3166. */
  readonly country?: string;
  readonly trackSource?: string;
  readonly trackType?: string;
  /** Default `trackPreset`. */
  readonly preset?: Preset;
}

/** Counters are what was added since the sample before. */
export interface AnalyticsStat {
  /** Quality, 0 to 5; 0 is "not known". */
  readonly score?: number;
  readonly mime?: string;
  readonly streams?: readonly AnalyticsStream[];
}

export interface AnalyticsStream {
  readonly ssrc?: number;
  readonly primaryPackets?: number;
  readonly primaryBytes?: number;
  readonly retransmitPackets?: number;
  readonly retransmitBytes?: number;
  readonly paddingPackets?: number;
  readonly paddingBytes?: number;
  readonly packetsLost?: number;
  readonly packetsOutOfOrder?: number;
  readonly frames?: number;
  readonly nacks?: number;
  readonly plis?: number;
  readonly firs?: number;
  /** Milliseconds. */
  readonly rtt?: number;
  /** Microseconds. */
  readonly jitter?: number;
  /** Milliseconds since 1970. */
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly videoLayers?: readonly AnalyticsVideoLayer[];
}

export interface AnalyticsVideoLayer {
  readonly layer: number;
  readonly packets?: number;
  readonly bytes?: number;
  readonly frames?: number;
}

export const trackPreset = {
  name: 'track',
  fields: {
    score: { by: 'mean', nonZero: true },
    minScore: { by: 'min', of: 'score', nonZero: true },
    medianScore: { by: 'median', of: 'score', nonZero: true },
    mime: 'last',
  },
  lists: {
    streams: {
      fields: {
        primaryPackets: 'sum',
        primaryBytes: 'sum',
        retransmitPackets: 'sum',
        retransmitBytes: 'sum',
        paddingPackets: 'sum',
        paddingBytes: 'sum',
        packetsLost: 'sum',
        packetsOutOfOrder: 'sum',
        frames: 'sum',
        nacks: 'sum',
        plis: 'sum',
        firs: 'sum',
        rtt: 'max',
        jitter: 'max',
        startTimeMs: 'min',
        endTimeMs: 'max',
      },
      lists: {
        videoLayers: {
          per: 'layer',
          keep: 'highest',
          fields: { layer: 'last', packets: 'sum', bytes: 'sum', frames: 'sum' },
        },
      },
    },
  },
} as const satisfies Preset;
