/** What many values of one field become. EGRESS 3.15. */

export type Reducer = 'sum' | 'max' | 'min' | 'mean' | 'median' | 'last';

type Reduce = (values: readonly number[]) => number;

const sum: Reduce = (values) => values.reduce((total, value) => total + value, 0);

const numeric = {
  sum,
  max: (values) => values.reduce((most, value) => Math.max(most, value)),
  min: (values) => values.reduce((least, value) => Math.min(least, value)),
  mean: (values) => sum(values) / values.length,
  median: (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] as number;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  },
} satisfies Record<Exclude<Reducer, 'last'>, Reduce>;

/** One value of many; undefined where there is none. All but `last` look at numbers alone. */
export function reduce(by: Reducer, values: readonly unknown[]): unknown {
  if (by === 'last') return values.findLast((value) => value !== undefined);
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length > 0 ? numeric[by](numbers) : undefined;
}
