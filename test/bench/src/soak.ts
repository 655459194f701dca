/** `npm run bench -- soak --minutes 60`: the whole relay under a steady load, and whether the memory of any process grows. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Machine, machine } from './machine.ts';
import { rssOf } from './proc.ts';
import { type FlatBounds, type Trend, trendOf } from './trend.ts';
import { wholeRelay } from './whole-relay.ts';

const RATE = 1_000;
/** At most, in seconds; a short soak has as many samples as a long one needs at least. */
const SAMPLE_S = 30;
const SAMPLES = 12;
/** In MiB an hour, and of what the process holds. */
export const FLAT = { most: 4, share: 0.05 } as const satisfies FlatBounds;
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

/** How the memory of each process grew in MiB, by role. */
export function trendByRole({ samples }: Soak): Record<string, Trend> {
  return Object.fromEntries(
    Object.keys(samples[0]?.mib ?? {}).map((role) => [
      role,
      trendOf(
        samples.map(({ minute, mib }) => [minute / 60, mib[role] ?? Number.NaN]),
        FLAT,
      ),
    ]),
  );
}
