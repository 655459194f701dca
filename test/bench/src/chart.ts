/** The chart of a result. */
import { bars, lines } from '../charts/index.ts';
import type { Result } from './result.ts';
import { placeOf } from './sizes.ts';

/** Ours, by the names that it has in the workloads. */
const OURS = /^(runnel|emit|handle|span|journal|its |one of|two sinks|a second|indexOf|memberFinder|\d)/;

/** Its file in docs/. */
export const chartName = ({ workload }: Result): string => `performance-${workload.name}.svg`;

/** The first figure of a workload is what it is about. Bars; a line where it is one thing that grows. */
export function chartOf({ workload, summary, pace }: Result): string {
  const [[first, { unit, better }] = ['', { unit: '', better: 'lower' }]] = Object.entries(workload.figures);
  if (workload.grows !== undefined) {
    const lineOf = ([name]: readonly [string, unknown]) => placeOf(name).line;
    const series = [...Map.groupBy(Object.entries(summary), lineOf)].map(([name, sizes]) => ({
      name,
      points: sizes.map(([size, figures]) => [placeOf(size).size, figures[first]?.median ?? 0] as const),
    }));
    return lines({
      title: workload.name,
      subtitle: `${first} in ${unit}, flat is good; medians of ${pace.rounds} rounds`,
      x: workload.grows,
      series,
      logX: true,
    });
  }
  const sign = better === 'higher' ? -1 : 1;
  const all = Object.entries(summary)
    .map(([name, figures]) => ({ name, ...(figures[first] ?? { median: 0, min: 0, max: 0 }) }))
    .sort((a, b) => sign * (a.median - b.median));
  return bars({
    title: workload.name,
    subtitle: `${first} in ${unit}, ${better} is better; median, smallest and largest of ${pace.rounds} rounds`,
    bars: all.map(({ name, median: value, min: low, max: high }) => ({
      name,
      value,
      low,
      high,
      ours: OURS.test(name),
    })),
  });
}
