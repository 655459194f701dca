/** A run of a workload as a file: every round, what they sum up to, and where it was. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { Machine } from './machine.ts';
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
  /** Seconds, from the first contender's start to the last one's end. Results from before it was noted have none. */
  readonly took?: number;
  readonly summary: Readonly<Record<string, Readonly<Record<string, Summary>>>>;
}

export interface Run extends RoundsOptions {
  /** As it was before anything ran. */
  readonly machine: Machine;
  /** How long the workload took, in seconds. */
  readonly took: number;
}

export function resultOf(workload: Workload, measured: Measured, run: Run): Result {
  const { name, about, baseline, grows, anew = false, figures } = workload;
  const { rounds, seconds = 2, warmup, machine, took } = run;
  return {
    workload: { name, about, baseline, ...(grows !== undefined && { grows }), figures },
    at: new Date().toISOString(),
    machine,
    pace: { rounds, seconds, warmup: anew ? 0 : warmup },
    took: Math.round(took),
    rounds: measured.rounds,
    unavailable: reasons(measured.unavailable),
    failed: reasons(measured.failed),
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

/** Results are committed: where a folder is on the machine they were taken on is nobody's business. */
const reasons = (all: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).map(([name, reason]) => [name, reason.replace(FOLDERS, '…/').trim()]));

const FOLDERS = /(?<![\w.:/])\/(?:[\w.@+-]+\/)+/g;

/** Four digits that count are more than any of these figures has. */
function short(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
