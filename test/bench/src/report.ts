/** What a person and a machine get to read of a run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { pinning } from './program.ts';
import type { Measured } from './rounds.ts';
import type { Summary } from './summary.ts';
import type { Workload } from './workload.ts';

type Summaries = Readonly<Record<string, Readonly<Record<string, Summary>>>>;

/** One table per figure: a line for each contender, the best on top. */
export function table(workload: Workload, summaries: Summaries): string {
  return Object.entries(workload.figures)
    .map(([figure, { unit, better }]) => {
      const sign = better === 'higher' ? -1 : 1;
      const lines = Object.entries(summaries)
        .flatMap(([contender, figures]) => (figures[figure] ? [{ contender, summary: figures[figure] }] : []))
        .sort((a, b) => sign * (a.summary.median - b.summary.median))
        .map(({ contender, summary }) => row(contender, summary, contender === workload.baseline));
      const head = `  ${figure} in ${unit}, ${better} is better`;
      return [head, '    contender               median          min          max   ratio', ...lines].join('\n');
    })
    .join('\n\n');
}

function row(contender: string, { median, min, max, ratio }: Summary, isBaseline: boolean): string {
  const numbers = [median, min, max].map((value) => readable(value).padStart(12)).join(' ');
  const compared = ratio === undefined || !Number.isFinite(ratio) ? '-' : ratio.toFixed(2);
  return `    ${contender.padEnd(17)} ${numbers} ${compared.padStart(7)}${isBaseline ? '  baseline' : ''}`;
}

function readable(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Writes `<workload>-<time>.json` into `folder` and returns its path: every round, the summary, and where it ran. */
export async function writeResult(folder: URL, workload: Workload, measured: Measured, summaries: Summaries) {
  const at = new Date().toISOString();
  const { name, about, baseline, figures } = workload;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism(), pinning };
  const result = { workload: { name, about, baseline, figures }, at, machine, ...measured, summary: summaries };
  const file = new URL(`${name}-${at.replaceAll(/[:.]/g, '-')}.json`, folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}
