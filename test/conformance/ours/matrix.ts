/** The part of docs/conformance.md that shows the interop matrix: what @runnel/interop recorded, by its own verdicts. */
import { readFileSync } from 'node:fs';
import { type GridRow, grid, readable } from '@runnel/bench/charts';

interface Row {
  readonly publisher: string;
  readonly server: string;
  readonly subscriber: string;
  readonly kind: string;
  readonly scenario: string;
  readonly verdict: string;
  readonly account: { readonly published: number; readonly arrived: number; readonly bytes: number };
}

const recordedRows = (run: string): readonly Row[] =>
  JSON.parse(readFileSync(new URL(`../../interop/results/${run}.json`, import.meta.url), 'utf8')).rows;

/** In docs/. */
const PAIRINGS_CHART = 'conformance-pairings.svg';

/** Best first. */
const VERDICTS = ['exact', 'reported', 'silent', 'broken'];

const KINDS: Readonly<Record<string, string>> = { bytes: 'Segments of bytes', jsonl: 'JSON lines' };

/** The recorded runs: with go-livepeer itself, and with the model of it that CI has. */
export function matrix(): string[] {
  const real = recordedRows('go-livepeer');
  const model = recordedRows('model');
  const columns = [...new Set(real.map(column))];
  return [
    '## Every publisher with every server with every subscriber',
    '',
    'Verdicts of [test/interop](../test/interop/README.md): **exact** is every byte, in order, once; **reported** is a loss that one side knows of; **silent** is',
    'one that neither knows of; **broken** is bytes that came twice, out of order or that nobody wrote, or a crash. `go` is go-livepeer (package trickle), run where it',
    'could be had; `python` and `pytrickle` are in our own words, with the habits of the clients livepeer-python-gateway and pytrickle. CI plays the same matrix with a',
    'model of the Go server and its clients.',
    '',
    `![What each publisher, server and subscriber made of each scenario](${PAIRINGS_CHART})`,
    '',
    '<details><summary>The same as text</summary>',
    '',
    `| Publisher > server > subscriber | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...[...new Set(real.map(pairing))].map((name) => `| ${name} | ${cells(real, name, columns).join(' | ')} |`),
    '',
    '</details>',
    '',
    '| Recorded run | Pairings and scenarios | Segments and lines published | Arrived | Bytes read | exact | reported | silent | broken |',
    '|---|---|---|---|---|---|---|---|---|',
    totals('with go-livepeer', real),
    totals('with the model', model),
    '',
  ];
}

/** SVG files, by name. */
export const matrixCharts = (): Record<string, string> => ({ [PAIRINGS_CHART]: pairingsChart() });

/** The table as a picture, our server first. */
function pairingsChart(): string {
  const real = recordedRows('go-livepeer');
  const columns = [...new Set(real.map(column))];
  const rows = (server: string, group: string): GridRow[] =>
    [...new Set(real.filter((row) => row.server === server).map(pairing))].map((name) => ({
      group,
      name,
      ours: name === 'ours > ours > ours',
      cells: cells(real, name, columns),
    }));
  return grid({
    title: 'What arrived, by publisher > server > subscriber',
    subtitle: [
      'exact: all of it; reported: a loss that one side knows of; silent: one that neither knows of;',
      'broken: twice, out of order, never written, or a crash',
    ].join('\n'),
    words: VERDICTS,
    columns: columns.map((each) => {
      const [kind = '', scenario = ''] = each.split(', ');
      return { group: KINDS[kind] ?? kind, name: scenario };
    }),
    rows: [...rows('ours', 'Our server'), ...rows('go', 'go-livepeer’s server')],
  });
}

const column = ({ kind, scenario }: Row) => `${kind}, ${scenario}`;
const pairing = ({ publisher, server, subscriber }: Row) => `${publisher} > ${server} > ${subscriber}`;

function cells(rows: readonly Row[], name: string, columns: readonly string[]): string[] {
  return columns.map((each) => rows.find((row) => pairing(row) === name && column(row) === each)?.verdict ?? '–');
}

function totals(name: string, rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number) => readable(rows.reduce((total, row) => total + of(row), 0));
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const moved = [
    sum(({ account }) => account.published),
    sum(({ account }) => account.arrived),
    sum(({ account }) => account.bytes),
  ];
  const verdicts = VERDICTS.map(count).join(' | ');
  return `| ${name} | ${rows.length} | ${moved.join(' | ')} | ${verdicts} |`;
}
