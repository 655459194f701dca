/** Track statistics and participants for Prometheus. EGRESS 3.5 and 3.16. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { AnalyticsStat, AnalyticsStream, StatsKey } from './track-stat.ts';

export interface Figures {
  readonly participants: Gauge;
  /** Adds a sample that has no bad counters. */
  record(key: StatsKey, stat: AnalyticsStat): void;
}

const LABELS = ['country', 'direction', 'source', 'type'];
const SOURCES = ['CAMERA', 'MICROPHONE', 'SCREEN_SHARE', 'SCREEN_SHARE_AUDIO'];
const TYPES = ['AUDIO', 'VIDEO', 'DATA'];

const named = {
  packetsLost: 'packets_lost',
  packetsOutOfOrder: 'packets_out_of_order',
  nacks: 'nacks',
  plis: 'plis',
  firs: 'firs',
} as const satisfies Partial<Record<keyof AnalyticsStream, string>>;

/** Registers the figures; throws if `registry` has them already. */
export function createFigures(registry: Registry): Figures {
  const registers = [registry];
  const counter = (name: string, labelNames: string[]) =>
    new Counter({
      name: `runnel_track_${name}_total`,
      help: `${name} of tracks`.replaceAll('_', ' '),
      labelNames,
      registers,
    });
  const packets = counter('packets', [...LABELS, 'transmission']);
  const bytes = counter('bytes', [...LABELS, 'transmission']);
  const counters = Object.entries(named).map(
    ([field, name]) => [field as keyof typeof named, counter(name, LABELS)] as const,
  );
  const participants = new Gauge({ name: 'runnel_participants', help: 'Participants that are in a room.', registers });

  return {
    participants,
    record(key, { streams = [] }) {
      const labels = labelsOf(key);
      const of = (field: Exclude<keyof AnalyticsStream, 'videoLayers'>) =>
        streams.reduce((sum, stream) => sum + (stream[field] ?? 0), 0);
      const sides = [
        { figure: packets, first: of('primaryPackets') + of('paddingPackets'), again: of('retransmitPackets') },
        { figure: bytes, first: of('primaryBytes') + of('paddingBytes'), again: of('retransmitBytes') },
      ];
      // What comes up was sent twice by somebody else: it is traffic. What goes down twice is our own doing, and told apart.
      const folds = key.streamType === 'UPSTREAM';
      for (const { figure, first, again } of sides) {
        figure.inc({ ...labels, transmission: 'initial' }, folds ? first + again : first);
        if (!folds && again > 0) figure.inc({ ...labels, transmission: 'retransmit' }, again);
      }
      for (const [field, figure] of counters) figure.inc(labels, of(field));
    },
  };
}

/** Labels are words of a known, small set, so that nothing a peer says grows the registry. */
function labelsOf({ country = '', streamType, trackSource = '', trackType = '' }: StatsKey) {
  return {
    country: /^[A-Z]{2}$/.test(country) ? country : 'unknown',
    direction: streamType === 'UPSTREAM' ? 'upstream' : 'downstream',
    source: SOURCES.includes(trackSource) ? trackSource : 'unknown',
    type: TYPES.includes(trackType) ? trackType : 'unknown',
  };
}
