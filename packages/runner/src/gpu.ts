/** Figures about the machine's GPUs. Its own entry: needs the package `systeminformation`. EGRESS 1.21. */
import { type Clock, pause } from '@runnel/protocol';
import { graphics } from 'systeminformation';
import type { Probe } from './vitals.ts';

/** One GPU, as its driver tells: mebibytes and percent. */
export interface GpuReading {
  readonly memoryUsed?: number | undefined;
  readonly memoryTotal?: number | undefined;
  readonly utilizationGpu?: number | undefined;
}

/** A reading takes up to a second of other processes' time. */
const READ_EVERY_MS = 10_000;
/** What was read so long ago says nothing any more: the driver hangs, or the device is gone. */
const STALE_MS = 3 * READ_EVERY_MS;

/**
 * A probe of the GPUs whose driver tells: `gpu_memory_used_mb` and `gpu_memory_total_mb` over all of them, `gpu_utilization_percent` their mean. It gives what was read last, at most
 * 30 s ago, and nothing where nothing can be read; it never throws. Reads every 10 s until `signal` aborts; where the first reading finds no GPU there is no second.
 */
export function gpuProbe(
  clock: Clock,
  signal: AbortSignal,
  read: () => Promise<readonly GpuReading[]> = async () => (await graphics()).controllers,
): Probe {
  let last: { readonly at: number; readonly figures: Record<string, number> } | undefined;
  void follow();
  return () => (last && clock.now() - last.at <= STALE_MS ? last.figures : {});

  async function follow(): Promise<void> {
    do {
      // What cannot be read is absent; whether it will be, the next reading shows.
      const gpus = await read().catch(() => []);
      const figures = figuresOf(gpus);
      if (Object.keys(figures).length > 0) last = { at: clock.now(), figures };
      if (last === undefined) return;
      await pause(clock, READ_EVERY_MS, signal);
    } while (!signal.aborted);
  }
}

function figuresOf(gpus: readonly GpuReading[]): Record<string, number> {
  const told = (name: keyof GpuReading) => gpus.map((gpu) => gpu[name]).filter((value) => Number.isFinite(value));
  const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((all, value) => all + (value ?? 0), 0);
  const [used, total, utilization] = [told('memoryUsed'), told('memoryTotal'), told('utilizationGpu')];
  return {
    ...(used.length > 0 && { gpu_memory_used_mb: sum(used) }),
    // Also told of devices whose use is not: both or neither.
    ...(used.length > 0 && total.length === used.length && { gpu_memory_total_mb: sum(total) }),
    ...(utilization.length > 0 && { gpu_utilization_percent: Math.round(sum(utilization) / utilization.length) }),
  };
}
