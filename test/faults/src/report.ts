/** What a run found: the JSON that docs/egress.md is made of, and the tables that a person reads. */
import type { ClockReport } from './clock-steps.ts';
import type { DamageReport } from './damage.ts';
import type { DiskReport } from './disk.ts';
import type { KillReport } from './kill.ts';
import type { NetworkRow } from './network.ts';
import type { Row } from './script.ts';

/** What was left out is undefined. */
export interface Report {
  /** The day. */
  readonly at: string;
  readonly node: string;
  readonly seed: number;
  readonly seconds: number;
  readonly script?: readonly Row[];
  readonly network?: readonly NetworkRow[];
  readonly disk?: readonly (DiskReport | { readonly trouble: string; readonly skipped: string })[];
  readonly clock?: ClockReport;
  readonly kill?: KillReport | undefined;
  readonly damage?: DamageReport | undefined;
}

/** One sentence for each thing that may not be. */
export function problemsOf({ script = [], network = [], disk = [], clock, kill, damage }: Report): readonly string[] {
  return [
    ...script.filter(({ ok }) => !ok).map(({ fault }) => `${fault}: not all was delivered`),
    ...network.flatMap(({ network: name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
    ...disk.flatMap((row) => ('skipped' in row ? [] : row.problems.map((problem) => `${row.trouble}: ${problem}`))),
    ...(clock?.problems ?? []).map((problem) => `clock: ${problem}`),
    ...(kill?.problems ?? []),
    ...(damage?.problems ?? []),
    ...(damage?.undelivered ?? []),
  ];
}

/** Prints it. */
export function show({ script, network, disk = [], clock, kill, damage }: Report): void {
  if (script) console.table(script);
  if (network) console.table(network.map(counted));
  for (const row of disk) {
    if ('skipped' in row) console.log(`${row.trouble}: SKIPPED, ${row.skipped}`);
    else figures(row.trouble, row);
  }
  if (clock) figures('steps of the clock', clock);
  if (kill) figures('kill -9', kill);
  if (damage) figures('damaged journals', damage);
}

type Judged = { readonly problems: readonly string[] };

const counted = <T extends Judged>({ problems, ...row }: T) => ({ ...row, problems: problems.length });

function figures(what: string, { problems, ...figures }: Judged): void {
  console.log(`${what}: ${problems.length} problems`);
  for (const [name, figure] of Object.entries(figures)) console.log(`  ${name.padEnd(15)} ${JSON.stringify(figure)}`);
}
