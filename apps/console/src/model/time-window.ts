/** The stretch of time that the charts of a session show: it follows the present, or stands still. Kept in the address. */
import { signal } from '@preact/signals';
import { route, setParam } from './route.ts';

export const LENGTHS_MS = [60_000, 300_000, 900_000, 3_600_000] as const;
const USUAL_MS = 300_000;
const SHORTEST_MS = 2_000;
const LONGEST_MS = 3_600_000;
/** Zooms that can be gone back. */
const MOST_STEPS = 50;

export interface TimeWindow {
  readonly lengthMs: number;
  /** Its end, where it stands still. */
  readonly to: number | undefined;
}

/** Of one session or sink: in another view there is nothing to go back to. */
const earlier = signal<{ readonly of: string; readonly windows: readonly TimeWindow[] }>({ of: '', windows: [] });

const here = () => `${route.value.view} ${route.value.id}`;
const windowsBefore = () => (earlier.value.of === here() ? earlier.value.windows : []);

export function timeWindow(): TimeWindow {
  const { params } = route.value;
  const lengthMs = Number(params.get('w')) * 1000;
  const to = Number(params.get('to'));
  return {
    lengthMs: lengthMs >= SHORTEST_MS && lengthMs <= LONGEST_MS ? lengthMs : USUAL_MS,
    to: to > 0 && Number.isFinite(to) ? to : undefined,
  };
}

/** Whether there is a window to go back to. */
export const canGoBack = () => windowsBefore().length > 0;

export function goBack(): void {
  const windows = windowsBefore();
  const before = windows.at(-1);
  if (!before) return;
  earlier.value = { of: here(), windows: windows.slice(0, -1) };
  write(before);
}

export function zoomTo(from: number, to: number): void {
  if (to - from >= SHORTEST_MS) change({ lengthMs: to - from, to });
}

export const setLength = (lengthMs: number) => change({ ...timeWindow(), lengthMs });

/** Stands still where it is, or follows the present again. */
export function pauseOrGoOn(): void {
  const { lengthMs, to } = timeWindow();
  change({ lengthMs, to: to === undefined ? Date.now() : undefined });
}

/** Half a window earlier (-1) or later (1); into the present, and it follows it again. */
export function step(direction: -1 | 1): void {
  const { lengthMs, to = Date.now() } = timeWindow();
  const moved = to + (direction * lengthMs) / 2;
  change({ lengthMs, to: moved >= Date.now() ? undefined : moved });
}

function change(next: TimeWindow): void {
  earlier.value = { of: here(), windows: [...windowsBefore(), timeWindow()].slice(-MOST_STEPS) };
  write(next);
}

function write({ lengthMs, to }: TimeWindow): void {
  setParam('w', lengthMs === USUAL_MS ? '' : String(lengthMs / 1000));
  setParam('to', to === undefined ? '' : String(Math.round(to)));
}
