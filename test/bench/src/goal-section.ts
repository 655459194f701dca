/** What docs/performance.md says of the goals: a table of what was measured, then why those that are missed are. */
import { readable } from '../charts/frame.ts';
import { type Goal, goals } from './goals.ts';
import type { Result } from './result.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** `why`: a person's reasons, by a goal's id, or by its id and what where goals of one id have their own. */
export function goalSection(results: ReadonlyMap<string, Result>, why: Readonly<Record<string, string>>): string {
  const judged = goals.map((goal) => ({ goal, verdict: verdictOf(goal, results) }));
  const met = judged.filter(({ verdict }) => verdict.outcome === 'met').length;
  const rows = judged.map(
    ({ goal, verdict }) =>
      `| ${goal.id} | ${goal.what} | ${bound(goal)} | ${measured(goal, verdict)} | ${verdict.outcome} |`,
  );
  const reasons = judged.flatMap(({ goal, verdict }) => {
    const text = reasonOf(goal, verdict, why);
    return text ? [{ text, goal }] : [];
  });
  const paragraphs = [...Map.groupBy(reasons, ({ text }) => text)].map(([text, given]) => {
    return `**${titleOf(given.map(({ goal }) => goal))}.** ${text}`;
  });
  return [
    '## Goals',
    `${met} of ${judged.length} are met.`,
    ['| Goal | What | Bound | Measured | |', '|---|---|---|---|---|', ...rows].join('\n'),
    ...(paragraphs.length > 0 ? [`### Why ${judged.length - met} are not`, ...paragraphs] : []),
  ].join('\n\n');
}

function reasonOf({ id, what }: Goal, verdict: Verdict, why: Readonly<Record<string, string>>): string | undefined {
  if (verdict.outcome === 'met') return undefined;
  return 'because' in verdict ? `Not measured: ${verdict.because.trim()}.` : (why[`${id}: ${what}`] ?? why[id]);
}

/** The goals that one reason is for, each id once. */
function titleOf(those: readonly Goal[]): string {
  return [...Map.groupBy(those, ({ id }) => id)]
    .map(([id, same]) => `${id}, ${same.map(({ what }) => what).join('; ')}`)
    .join('; ');
}

const measured = (goal: Goal, verdict: Verdict): string =>
  'measured' in verdict ? figure(goal, verdict.measured) : '–';

const figure = ({ against }: Goal, value: number): string => (against ? `${readable(value)}x` : readable(value));

function bound(goal: Goal): string {
  const { atMost, atLeast } = goal;
  return atMost === undefined ? `at least ${figure(goal, atLeast ?? 0)}` : `at most ${figure(goal, atMost)}`;
}
