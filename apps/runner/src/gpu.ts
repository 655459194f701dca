/** GPU memory, as far as `nvidia-smi` can read it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const QUERY = ['--query-gpu=memory.used,memory.reserved', '--format=csv,noheader,nounits'];
const PROBE_MS = 2_000;

/** Mebibytes, the sum over all devices. A figure that the driver does not tell is absent. */
export interface GpuMemory {
  readonly vram_allocated_mb?: number;
  readonly vram_reserved_mb?: number;
}

/**
 * Asks the driver once, within 2 s. Resolves to undefined where there is no `nvidia-smi` or it does not answer: no figure is better than an invented one.
 */
export async function readGpuMemory(command = 'nvidia-smi'): Promise<GpuMemory | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, QUERY, { timeout: PROBE_MS, windowsHide: true });
    return parse(stdout);
  } catch {
    // No such program, no driver, or too slow.
    return undefined;
  }
}

function parse(csv: string): GpuMemory | undefined {
  const rows = csv
    .trim()
    .split('\n')
    .map((row) => row.split(',').map((cell) => Number.parseFloat(cell)));
  const sum = (column: number) => rows.reduce((total, row) => total + (row[column] ?? Number.NaN), 0);
  const [used, reserved] = [sum(0), sum(1)];
  if (!Number.isFinite(used)) return undefined;
  return { vram_allocated_mb: used, ...(Number.isFinite(reserved) ? { vram_reserved_mb: reserved } : {}) };
}
