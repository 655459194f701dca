/**
 * docs/conformance.md: our server beside the Go server, case by case. It is written from the cases, the set-ups of our server and the list of the
 * Go server's known failures; that each of those is true is checked by the tests beside this file.
 */
import { bars } from '@runnel/bench/charts';
import { type Case, countsOf, parseFeatures, type Result, type Section, sections, unmet } from '../src/index.ts';
import { fuzzed, fuzzedCharts } from './fuzzed.ts';
import known from './go-known-failures.json' with { type: 'json' };
import { matrix, matrixCharts } from './matrix.ts';
import { casesFor, type Setup, setups } from './setups.ts';

type Outcome = Pick<Result, 'verdict' | 'reason'>;

/** In docs/. */
const CHART = 'conformance.svg';

const FAILURES: Readonly<Record<string, string>> = known.failures;
const GO_FEATURES = parseFeatures(`${known.features},sockets`);

/** The whole document. `specification` is the text of PROTOCOL.md, whose section 10 it repeats. */
export function document(specification: string): string {
  const cases = sections.flatMap((section) => section.cases);
  const go = countsOf(cases.map(goOutcome));
  return [
    '# Conformance',
    '',
    '<!-- Written by `npm run docs -w test/conformance`; a test fails when it is stale. -->',
    '',
    `The suite of [@runnel/conformance](../test/conformance/README.md) has ${cases.length} cases. Each checks one sentence or table row of`,
    "[PROTOCOL.md](../packages/protocol/PROTOCOL.md) on the wire. Cases that a server's features rule out are not applicable, never passed.",
    '',
    '| Server | Cases | Passed | Failed | Not applicable |',
    '|---|---|---|---|---|',
    ...setups.map((setup) => setupRow(setup, cases.length)),
    `| ${known.server} | ${cases.length} | ${go.pass} | ${go.fail} | ${go['not applicable']} |`,
    '',
    `![Cases passed by section, ours and the Go server](${CHART})`,
    '',
    'Each case is held against our server in at least one set-up and passes in every one it applies to. The Go server is held to this list by a test',
    'where `RUNNEL_GO_TRICKLE` names a program that is made with it; elsewhere the same list is checked against the model of it in',
    '[test/interop](../test/interop). A case that starts or stops failing there fails our build.',
    '',
    ...sections.flatMap(sectionOf),
    ...matrix(),
    ...fuzzed(),
    '## Our deviations, with reasons',
    '',
    ...deviations(specification),
    '',
  ].join('\n');
}

/** The document's charts: SVG files, by name. */
export const charts = (): Record<string, string> => ({ [CHART]: casesChart(), ...matrixCharts(), ...fuzzedCharts() });

function casesChart(): string {
  const passed = sections.flatMap(({ number, cases }) => [
    { name: `${number}, ours`, value: cases.length, ours: true },
    { name: `${number}, Go`, value: cases.filter((one) => goOutcome(one).verdict === 'pass').length },
  ]);
  return bars({
    title: 'Cases passed, by section of PROTOCOL.md',
    subtitle: 'ours in at least one set-up; the Go server has no feature for some of the others',
    bars: passed,
  });
}

/** What the case gives on the Go server, by the list of its known failures. */
export function goOutcome({ id, needs }: Case): Outcome {
  const missing = unmet(needs, GO_FEATURES);
  if (missing !== undefined) return { verdict: 'not applicable' };
  const reason = FAILURES[id];
  return reason === undefined ? { verdict: 'pass' } : { verdict: 'fail', reason };
}

function setupRow(setup: Setup, all: number): string {
  const held = casesFor(setup).length;
  const scope = setup.only === undefined ? '' : ` (only ${setup.only.join(', ')})`;
  return `| ours, ${setup.name}${scope} | ${all} | ${held} | 0 | ${all - held} |`;
}

function sectionOf({ number, title, cases }: Section): string[] {
  return [
    `## ${number} ${title}`,
    '',
    '| Case | Expected | Ours | Go |',
    '|---|---|---|---|',
    ...cases.map((one) => `| ${one.id} | ${one.title.replaceAll('|', '\\|')} | ${oursIn(one)} | ${goCell(one)} |`),
    '',
  ];
}

function oursIn(one: Case): string {
  const where = setups.filter((setup) => casesFor(setup).includes(one)).length;
  return where === 1 ? 'pass, in 1 set-up' : `pass, in ${where} set-ups`;
}

function goCell(one: Case): string {
  const { verdict, reason } = goOutcome(one);
  if (verdict === 'fail') return `**fail**: ${reason}`;
  return verdict === 'pass' ? 'pass' : 'n/a';
}

/** The table of PROTOCOL.md section 10. */
function deviations(specification: string): string[] {
  const section = specification.slice(specification.indexOf('\n## 10. '));
  return section.split('\n').filter((line) => line.startsWith('|'));
}
