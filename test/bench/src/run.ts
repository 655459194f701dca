/** Runs workloads: finds them by name, measures, prints, keeps the result. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.ts';
import { table } from './report.ts';
import { keep, recordsFolder, resultOf } from './result.ts';
import { measure } from './rounds.ts';
import type { Workload } from './workload.ts';

const workloadsFolder = new URL('../workloads/', import.meta.url);
const resultsFolder = new URL('../.tmp/results/', import.meta.url);

/** The command line asks for what there is not. The message is for its writer. */
export class UsageError extends Error {}

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly record: boolean;
  /** As it is before anything runs. */
  readonly machine: Machine;
}

/** One after the other. */
export async function runAll(workloads: readonly Workload[], options: Options): Promise<void> {
  for (const [index, workload] of workloads.entries()) {
    console.log(`\n${index + 1}/${workloads.length}  ${workload.name}: ${workload.about}`);
    await run(workload, options);
  }
}

async function run(workload: Workload, options: Options): Promise<void> {
  const began = performance.now();
  const measured = await measure(workload, { ...options, progress: (message) => console.error(`  … ${message}`) });
  const took = (performance.now() - began) / 1000;
  const result = resultOf(workload, measured, { ...options, took });
  console.log(`\n${table(workload, result.summary)}\n`);
  for (const [name, reason] of Object.entries({ ...measured.unavailable, ...measured.failed })) {
    console.log(`  without ${name}: ${reason}`);
  }
  if (Object.keys(measured.failed).length > 0) process.exitCode = 1;
  const file = options.record
    ? await keep(recordsFolder, workload.name, result)
    : await keep(resultsFolder, `${workload.name}-${result.at.replaceAll(/[:.]/g, '-')}`, result);
  console.log(`  ${fileURLToPath(file)}, ${took.toFixed(0)} s`);
}

export function list({ name, about, contenders }: Workload): void {
  console.log(`${name.padEnd(18)} ${about}\n${' '.repeat(19)}${Object.keys(contenders).join(', ')}`);
}

/** The workload with the contenders named, of whom there is one at least. Names have commas themselves, so the longest that fits is taken. */
export function only(workload: Workload, names: string | undefined): Workload {
  if (names === undefined) return workload;
  const known = Object.keys(workload.contenders).sort((a, b) => b.length - a.length);
  const wanted = new Set<string>();
  for (let rest = names; rest !== ''; ) {
    const name = known.find((each) => rest === each || rest.startsWith(`${each},`)) ?? rest.split(',')[0] ?? '';
    wanted.add(name);
    rest = rest.slice(name.length + 1);
  }
  const contenders = Object.fromEntries(Object.entries(workload.contenders).filter(([name]) => wanted.has(name)));
  if (Object.keys(contenders).length > 0) return { ...workload, contenders };
  throw new UsageError(
    `${workload.name} has none of "${names}". It has: ${Object.keys(workload.contenders).join('; ')}.`,
  );
}

export async function loadWorkloads(): Promise<Workload[]> {
  const files = globSync('*.ts', { cwd: fileURLToPath(workloadsFolder) }).sort();
  return Promise.all(
    files.map(async (file): Promise<Workload> => (await import(new URL(file, workloadsFolder).href)).default),
  );
}

export function choose(workloads: Workload[], names: string[]): Workload[] {
  if (names.length === 0) return workloads;
  return names.flatMap((name) => {
    const found = workloads.filter((workload) => workload.name === name || workload.name.startsWith(`${name}-`));
    if (found.length > 0) return found;
    const known = workloads.map((each) => each.name).join(', ');
    throw new UsageError(`There is no workload "${name}". There are: ${known}.`);
  });
}
