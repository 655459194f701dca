/** Figures about the process and its GPU, as last read. */
import { type Clock, pause } from '@runnel/protocol';
import { type GpuMemory, readGpuMemory } from './gpu.ts';

const PROBE_EVERY_MS = 5_000;

/** Reads the figures as of now; GPU memory as of the last probe, absent where it cannot be read. Mebibytes. */
export type Vitals = () => Readonly<Record<string, number>>;

/** Begins to probe the GPU every 5 s until `signal` aborts. A machine without one is asked once. */
export function watchVitals(clock: Clock, signal: AbortSignal): Vitals {
  let gpu: GpuMemory | undefined;
  void probe(clock, signal, (memory) => {
    gpu = memory;
  });
  return () => {
    const { rss, heapUsed } = process.memoryUsage();
    return { rss_mb: mebibytes(rss), heap_used_mb: mebibytes(heapUsed), ...gpu };
  };
}

async function probe(
  clock: Clock,
  signal: AbortSignal,
  onRead: (memory: GpuMemory | undefined) => void,
): Promise<void> {
  let found = await readGpuMemory();
  onRead(found);
  const present = found !== undefined;
  while (present && !signal.aborted) {
    await pause(clock, PROBE_EVERY_MS, signal);
    found = await readGpuMemory();
    onRead(found);
  }
}

const mebibytes = (bytes: number) => Math.round((bytes / 1_048_576) * 10) / 10;
