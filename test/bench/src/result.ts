/** A run of a workload as a file: every round, what they sum up to, and where it was. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { type Machine, machine } from './machine.ts';
import type { Measured, RoundsOptions } from './rounds.ts';
import { type Summary, summarise } from './summary.ts';
import type { Figure, Workload } from './workload.ts';

export interface Result extends Measured {
  readonly workload: Readonly<{
    name: string;
    about: string;
    baseline: string;
    grows?: string;
    figures: Readonly<Record<string, Figure>>;
  }>;
  readonly at: string;
  readonly machine: Machine;
  readonly pace: Readonly<{ rounds: number; seconds: number; warmup: number }>;
  readonly summary: Readonly<Record<string, Readonly<Record<string, Summary>>>>;
}

export function resultOf(workload: Workload, measured: Measured, options: RoundsOptions): Result {
  const { name, about, baseline, grows, figures } = workload;
  const { rounds, seconds = 2, warmup } = options;
  return {
    workload: { name, about, baseline, ...(grows !== undefined && { grows }), figures },
    at: new Date().toISOString(),
    machine: machine(),
    pace: { rounds, seconds, warmup },
    ...measured,
    summary: summarise(workload, measured.rounds),
  };
}

/** What is recorded, and committed. */
export const recordsFolder = new URL('../results/', import.meta.url);

/** Writes a result into a folder and returns the file. */
export async function keep(folder: URL, name: string, result: object): Promise<URL> {
  const file = new URL(`${name}.json`, folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify(result, short, 1)}\n`);
  return file;
}

/** The results of a folder by the name of their workload. */
export async function readResults(folder: URL): Promise<Map<string, Result>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const read = await Promise.all(names.map(async (name) => JSON.parse(await readFile(new URL(name, folder), 'utf8'))));
  return new Map(read.filter((result) => result.workload?.figures).map((result) => [result.workload.name, result]));
}

/** Four digits that count are more than any of these figures has. */
function short(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
