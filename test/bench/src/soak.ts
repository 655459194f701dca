/** `npm run bench -- soak --minutes 60`: the whole relay under a steady load, and whether anything grows. */
import { rssOf } from './proc.ts';
import { wholeRelay } from './whole-relay.ts';

const RATE = 1_000;
const SAMPLE_S = 5;
/** What comes before this share of the time is warming up. */
const SETTLED = 0.25;
const MIB = 1024 * 1024;

export interface Soaked {
  /** MiB an hour by role, by least squares over what was sampled after the first quarter. */
  readonly slope: Readonly<Record<string, number>>;
  readonly events: number;
}

/** Emits a thousand events a second for so long; tells each sample. Throws when an event does not arrive. */
export async function soak(minutes: number, progress: (message: string) => void): Promise<Soaked> {
  const relay = await wholeRelay();
  const samples: { hours: number; mib: Record<string, number> }[] = [];
  const began = performance.now();
  const hours = () => (performance.now() - began) / 3_600_000;
  let events = 0;
  try {
    while (hours() * 60 < minutes) {
      events += await relay.emit({ rate: RATE, seconds: SAMPLE_S });
      const mib = Object.fromEntries(
        Object.entries(relay.processes).map(([role, { pid }]) => [role, rssOf(pid) / MIB]),
      );
      samples.push({ hours: hours(), mib });
      const text = Object.entries(mib).map(([role, size]) => `${role} ${size.toFixed(0)}`);
      progress(`${(hours() * 60).toFixed(1)} of ${minutes} minutes, ${events} events, MiB: ${text.join(', ')}`);
    }
    await relay.received(events);
    const settled = samples.slice(Math.floor(samples.length * SETTLED));
    const roles = Object.keys(relay.processes);
    const slope = (role: string) => slopeOf(settled.map((sample) => [sample.hours, sample.mib[role] ?? Number.NaN]));
    return { slope: Object.fromEntries(roles.map((role) => [role, slope(role)])), events };
  } finally {
    await relay.close();
  }
}

/** How much y grows with x, by least squares. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (pick: (point: readonly [number, number]) => number) =>
    points.reduce((sum, each) => sum + pick(each), 0) / points.length;
  const [x, y] = [mean((each) => each[0]), mean((each) => each[1])];
  return mean((each) => (each[0] - x) * (each[1] - y)) / mean((each) => (each[0] - x) ** 2);
}
