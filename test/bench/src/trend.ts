/** Whether something that was sampled for long grows. */
import { median } from './summary.ts';

/** What comes before this share of the time is warming up: a heap grows as far as the worst minute has asked of it, and keeps that. */
const SETTLED = 0.5;

export interface Trend {
  /** How much more in an hour, in the unit of the points, over the second half. */
  readonly slope: number;
  readonly flat: boolean;
}

export interface FlatBounds {
  /** Growing by at most this much an hour is flat. */
  readonly most: number;
  /** So is growing by this share of what is held. Default: 0. */
  readonly share?: number;
}

/** `points`: the hour, and how much there was. */
export function trendOf(points: readonly (readonly [number, number])[], { most, share = 0 }: FlatBounds): Trend {
  const settled = points.slice(Math.floor(points.length * SETTLED));
  const slope = slopeOf(settled);
  const held = settled.reduce((sum, [, size]) => sum + size, 0) / settled.length;
  return { slope, flat: slope <= Math.max(most, held * share) };
}

/** How much y grows with x: the median of the slopes between any two points, which a leak moves and a single step, up to what the worst minute asked for, does not. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], at) => points.slice(at + 1).map(([later, size]) => (size - y) / (later - x)));
  return median(slopes);
}
