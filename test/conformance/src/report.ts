/** What a run found, for people and for machines. */

export type Verdict = 'pass' | 'fail' | 'not applicable';

export interface Result {
  readonly id: string;
  /** The section of PROTOCOL.md. */
  readonly section: string;
  readonly title: string;
  /** The sentence of PROTOCOL.md that was checked. */
  readonly quote: string;
  readonly verdict: Verdict;
  /** Of a failure: what was expected and what came. */
  readonly expected?: string;
  readonly came?: string;
  /** Why a case is not applicable. */
  readonly reason?: string;
}

export interface Report {
  readonly url: string;
  readonly features: Readonly<Record<string, number | true>>;
  /** In the order of PROTOCOL.md. */
  readonly results: readonly Result[];
}

/** How many results there are of each verdict. */
export function countsOf(results: readonly Pick<Result, 'verdict'>[]): Record<Verdict, number> {
  const counts = { pass: 0, fail: 0, 'not applicable': 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** The report as a table: section, case, verdict, what was expected, what came. Failures show the sentence they break. */
export function formatReport(report: Report): string {
  const rows = report.results.map((result) => [
    result.section,
    result.id,
    result.verdict,
    result.title,
    cameOf(result),
  ]);
  const table = align([['section', 'case', 'verdict', 'expected', 'came'], ...rows]);
  return [...table, '', ...report.results.flatMap(failureOf), summaryOf(report), ''].join('\n');
}

/** One line: how many cases passed, failed and did not apply. */
export function summaryOf({ url, results }: Report): string {
  const counts = countsOf(results);
  return `${url}: ${results.length} cases, ${counts.pass} passed, ${counts.fail} failed, ${counts['not applicable']} not applicable`;
}

function cameOf({ verdict, came, reason }: Result): string {
  if (verdict === 'pass') return 'the same';
  return came ?? reason ?? '';
}

function failureOf({ verdict, id, expected, came, quote, section }: Result): string[] {
  if (verdict !== 'fail') return [];
  return [
    `FAIL ${id}`,
    `  expected  ${expected}`,
    `  came      ${came}`,
    `  because   "${quote}" (PROTOCOL.md ${section})`,
    '',
  ];
}

/** Pads all columns but the last two, which are sentences. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
