/** The figures that a runner's events carry: frame rates, stage times, memory, GPU. */
import { type Data, isObject } from './tail-event.ts';

const TYPES: ReadonlySet<unknown> = new Set(['stream.stats', 'frame_stats', 'stream_heartbeat', 'vitals']);

/** The finite numbers of an event about figures, by name; `stages` as `decode p50`. Undefined for other events. */
export function figuresOf(data: Data): Record<string, number> | undefined {
  if (!TYPES.has(data.type)) return undefined;
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === 'number' && Number.isFinite(value)) figures[name] = value;
  }
  if (isObject(data.stages)) {
    for (const [stage, times] of Object.entries(data.stages)) {
      if (!isObject(times)) continue;
      for (const [name, value] of Object.entries(times)) {
        if (typeof value === 'number') figures[`${stage} ${name.replace(/_ms$/, '')}`] = value;
      }
    }
  }
  return figures;
}
