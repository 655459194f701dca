/** From the values of all rounds to the few numbers that one reads. */
import type { Values, Workload } from './workload.ts';

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The median of the contender's value over the baseline's of the same round; undefined without a baseline. */
  readonly ratio: number | undefined;
}

/** Sums up the rounds: by contender, then by figure. */
export function summarise(
  workload: Workload,
  rounds: Readonly<Record<string, readonly Values[]>>,
): Record<string, Record<string, Summary>> {
  const baseline = rounds[workload.baseline];
  return mapValues(rounds, (taken) =>
    mapValues(workload.figures, (_, figure) => {
      const values = taken.map((round) => figureOf(round, figure));
      // Round by round, since neighbours saw the same machine; the ratio of two medians compares different minutes.
      const ratios = baseline?.map((round, index) => (values[index] ?? Number.NaN) / figureOf(round, figure));
      return {
        median: median(values),
        min: Math.min(...values),
        max: Math.max(...values),
        ratio: ratios && median(ratios),
      };
    }),
  );
}

/** The middle value, or the mean of the two in the middle. NaN if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

function figureOf(round: Values, figure: string): number {
  return round[figure] ?? Number.NaN;
}

function mapValues<T, U>(from: Readonly<Record<string, T>>, to: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value, key)]));
}
