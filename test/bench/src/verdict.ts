/** Whether a goal is met by what was measured. */
import type { Goal } from './goals.ts';
import type { Result } from './result.ts';
import { median } from './summary.ts';

export type Verdict =
  | { readonly outcome: 'met' | 'missed'; readonly measured: number }
  | { readonly outcome: 'not measured'; readonly because: string };

/** A ratio is the median of the ratios within each round: neighbours saw the same machine. */
export function verdictOf(goal: Goal, results: ReadonlyMap<string, Result>): Verdict {
  const result = results.get(goal.workload);
  if (!result) return { outcome: 'not measured', because: `there is no result of ${goal.workload}` };
  const ours = valuesOf(result, goal.contender, goal.figure);
  const other = goal.against === undefined ? undefined : valuesOf(result, goal.against, goal.figure);
  for (const [name, values] of [
    [goal.contender, ours],
    [goal.against ?? '', other ?? []],
  ] as const) {
    if (typeof values === 'string') return { outcome: 'not measured', because: `${name}: ${values}` };
  }
  const divided = (ours as number[]).map((value, round) => (other ? value / Number(other[round]) : value));
  const measured = median(divided);
  const met = measured <= (goal.atMost ?? Infinity) && measured >= (goal.atLeast ?? -Infinity);
  return { outcome: met ? 'met' : 'missed', measured };
}

/** A figure's values, or why there are none. */
function valuesOf(result: Result, contender: string, figure: string): number[] | string {
  const rounds = result.rounds[contender];
  if (!rounds) return result.failed[contender] ?? result.unavailable[contender] ?? 'it did not take part';
  return rounds.map((round) => round[figure] ?? Number.NaN);
}
