/** The runs and figures that are kept as JSON. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Report } from '../src/report.ts';

/** As test/bench writes it. */
export interface Bench {
  readonly workload: { readonly about: string; readonly figures: Readonly<Record<string, { readonly unit: string }>> };
  readonly at: string;
  readonly machine: { readonly cores: number };
  readonly summary: Readonly<Record<string, Readonly<Record<string, { readonly median: number }>>>>;
}

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const BENCH_RESULTS = new URL('../../bench/results/', import.meta.url);

/** Every report in results/, by name. What a report of an older run lacks is left out. */
export function recorded(): readonly Report[] {
  const names = globSync('*.json', { cwd: RESULTS }).sort();
  return names.map((name) => JSON.parse(readFileSync(`${RESULTS}${name}`, 'utf8')));
}

/** The figures of a workload, or of the comparison under faults; undefined if they were not recorded. */
export function recordedBench<T = Bench>(name: string): T | undefined {
  const file = new URL(`${name}.json`, BENCH_RESULTS);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
