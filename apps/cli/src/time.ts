/** A time on the command line. */
import { systemClock } from '@runnel/protocol';
import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A date and time, or how long ago: in milliseconds since 1970. */
export function time(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return systemClock.wall() - Number(count) * UNITS[unit as keyof typeof UNITS];
  const at = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00Z, or 15m for a quarter of an hour ago.');
  return at;
}
