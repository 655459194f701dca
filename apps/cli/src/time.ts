/** Times on the command line. */
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

/** A length of time, in milliseconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d+)(ms|[smhd])$/.exec(text) ?? [];
  const ms = unit === 'ms' ? Number(count) : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (unit === undefined || ms === 0 || ms > LONGEST_MS)
    throw new InvalidArgumentError('It must be a time such as 90s, 10m, 2h or 1d, of 24 days at most.');
  return ms;
}

/** A length of time as people say it: `9m 58s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** As long as timers last. PROTOCOL.md section 8.6. */
export const LONGEST_MS = 2 ** 31 - 1;
