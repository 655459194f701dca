/** What a configuration says of any sink's lane, whatever its kind: what is too old for it, and which sink it stands in for. EGRESS section 6 "slow sink + old data first". */
import type { Envelope, Sink } from '@runnel/protocol';
import { z } from 'zod';
import { eventType, readEvent } from '../event.ts';
import { given } from './kind.ts';

export const laneSchema = z.strictObject({
  /** Milliseconds by event type; `*` is for all that are not named. */
  ttlMs: z.record(z.string().min(1), z.int().positive()).optional(),
  standsInFor: z.strictObject({ sink: z.string().min(1), behindMs: z.int().nonnegative().default(5000) }).optional(),
});

/** The sink with these traits beside its own. */
export function withLane(sink: Sink, { ttlMs, standsInFor }: z.output<typeof laneSchema>): Sink {
  if (!ttlMs && !standsInFor) return sink;
  const traits = given({ order: 'all' as const, ...sink.traits, ttlMs: ttlMs && ttlByType(ttlMs), standsInFor });
  return { ...sink, traits };
}

function ttlByType(ttlMs: Readonly<Record<string, number>>): (envelope: Envelope) => number | undefined {
  const byType = new Map(Object.entries(ttlMs));
  const others = byType.get('*');
  byType.delete('*');
  if (byType.size === 0) return () => others;
  return ({ bytes }) => {
    const event = readEvent(bytes);
    return byType.get((event && eventType(event)) ?? '') ?? others;
  };
}
