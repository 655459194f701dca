/** `npm run bench -- soak --minutes 60`: the whole relay under a steady load, and whether the memory of any process grows. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Machine, machine } from './machine.ts';
import { rssOf } from './proc.ts';
import { median } from './summary.ts';
import { wholeRelay } from './whole-relay.ts';

const RATE = 1_000;
/** At most, in seconds; a short soak has as many samples as a long one needs at least. */
const SAMPLE_S = 30;
const SAMPLES = 12;
/** What comes before this share of the time is warming up: a heap grows as far as the worst minute has asked of it, and keeps that. */
const SETTLED = 0.5;
/** What counts as flat: growing by at most this much an hour, or by this share of what the process holds. */
const FLAT_MIB = 4;
const FLAT_SHARE = 0.05;
const MIB = 1024 * 1024;

export interface Soak {
  readonly at: string;
  readonly machine: Machine;
  readonly rate: number;
  readonly minutes: number;
  /** All of them arrived. */
  readonly events: number;
  /** Resident memory in MiB by role, each with the minute it was taken in. */
  readonly samples: readonly { readonly minute: number; readonly mib: Readonly<Record<string, number>> }[];
}

export interface Growth {
  /** MiB an hour, over what was sampled in the second half. */
  readonly slope: number;
  readonly flat: boolean;
}

/** Emits a thousand events a second for so long; tells each sample. Throws when an event does not arrive. */
export async function soak(minutes: number, progress: (message: string) => void): Promise<Soak> {
  const where = machine();
  const relay = await wholeRelay();
  const samples: { minute: number; mib: Record<string, number> }[] = [];
  const began = performance.now();
  const minute = () => (performance.now() - began) / 60_000;
  let events = 0;
  try {
    while (minute() < minutes) {
      events += await relay.emit({ rate: RATE, seconds: Math.min(SAMPLE_S, (minutes * 60) / SAMPLES) });
      const mib = Object.fromEntries(
        Object.entries(relay.processes).map(([role, { pid }]) => [role, rssOf(pid) / MIB]),
      );
      samples.push({ minute: minute(), mib });
      const text = Object.entries(mib).map(([role, size]) => `${role} ${size.toFixed(0)}`);
      progress(`${minute().toFixed(1)} of ${minutes} minutes, ${events} events, MiB: ${text.join(', ')}`);
    }
    await relay.received(events);
    return { at: new Date().toISOString(), machine: where, rate: RATE, minutes, events, samples };
  } finally {
    await relay.close();
  }
}

/** The one that was recorded, if there is one. */
export async function readSoak(folder: URL): Promise<Soak | undefined> {
  const file = new URL('soak.json', folder);
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined;
}

/** How the memory of each process grew, by role. */
export function growthOf({ samples }: Soak): Record<string, Growth> {
  const settled = samples.slice(Math.floor(samples.length * SETTLED));
  return Object.fromEntries(
    Object.keys(samples[0]?.mib ?? {}).map((role) => {
      const points = settled.map(({ minute, mib }) => [minute / 60, mib[role] ?? Number.NaN] as const);
      const slope = slopeOf(points);
      const held = points.reduce((sum, [, size]) => sum + size, 0) / points.length;
      return [role, { slope, flat: slope <= Math.max(FLAT_MIB, held * FLAT_SHARE) }];
    }),
  );
}

/** How much y grows with x: the median of the slopes between any two points, which a leak moves and a single step, up to what the worst minute asked for, does not. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], at) => points.slice(at + 1).map(([later, size]) => (size - y) / (later - x)));
  return median(slopes);
}
