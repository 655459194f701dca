/** What a person gets to read of a run, in a terminal. */
import type { Summary } from './summary.ts';
import type { Workload } from './workload.ts';

type Summaries = Readonly<Record<string, Readonly<Record<string, Summary>>>>;

/** One table per figure: a line for each contender, the best on top, or the smallest where it is sizes that are compared. */
export function table(workload: Workload, summaries: Summaries): string {
  return Object.entries(workload.figures)
    .map(([figure, { unit, better }]) => {
      const sign = better === 'higher' ? -1 : 1;
      const lines = Object.entries(summaries)
        .flatMap(([contender, figures]) => (figures[figure] ? [{ contender, summary: figures[figure] }] : []))
        .sort((a, b) => (workload.grows === undefined ? sign * (a.summary.median - b.summary.median) : 0))
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
