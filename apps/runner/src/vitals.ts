/** Figures about the process, its host and its GPU. */
import { type Clock, pause } from '@runnel/protocol';
import { processProbes, type Vitals, vitalsOf } from '@runnel/runner';
import { type GpuMemory, readGpuMemory } from './gpu.ts';

const PROBE_EVERY_MS = 5_000;

/**
 * Makes readers of figures, one for each place that reads: some are since its last reading. Those of the process and its host are as of now; GPU memory as of the last probe, absent where
 * it cannot be read. Probes until `signal` aborts.
 */
export function watchVitals(clock: Clock, signal: AbortSignal): () => Vitals {
  let gpu: GpuMemory | undefined;
  void probe(clock, signal, (memory) => {
    gpu = memory;
  });
  return () => vitalsOf(...processProbes(clock, signal), () => ({ ...gpu }));
}

/** A machine without a GPU is asked once. */
async function probe(
  clock: Clock,
  signal: AbortSignal,
  onRead: (memory: GpuMemory | undefined) => void,
): Promise<void> {
  const first = await readGpuMemory();
  onRead(first);
  while (first !== undefined && !signal.aborted) {
    await pause(clock, PROBE_EVERY_MS, signal);
    onRead(await readGpuMemory());
  }
}
