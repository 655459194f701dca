/** `npm run bench -- profile WORKLOAD`: CPU profiles of our own processes, of the kind that a browser's tools open. */
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measure } from './rounds.ts';
import type { Workload } from './workload.ts';

const folder = fileURLToPath(new URL('../.tmp/profiles/', import.meta.url));
const PREFERRED = ['runnel', 'emit', 'journal on disk'];

/** Runs one contender for a round, ours unless another is named, with every process of Node profiled; returns the files. */
export async function profile(workload: Workload, contender: string | undefined, seconds: number): Promise<string[]> {
  const { contenders, baseline, name } = workload;
  const chosen = contender ?? PREFERRED.find((each) => each in contenders) ?? baseline;
  const start = contenders[chosen];
  if (!start) throw new Error(`${name} has no contender "${chosen}": ${Object.keys(contenders).join(', ')}`);
  mkdirSync(folder, { recursive: true });
  const before = new Set(readdirSync(folder));
  process.env.RUNNEL_BENCH_PROFILES = folder;
  const { failed } = await measure({ ...workload, contenders: { [chosen]: start } }, { rounds: 1, seconds, warmup: 0 });
  if (failed[chosen]) throw new Error(failed[chosen]);
  return readdirSync(folder)
    .filter((file) => !before.has(file))
    .map((file) => folder + file);
}
