/** The part of docs/conformance.md that shows the interop matrix: what @runnel/interop recorded, by its own verdicts. */
import { readFileSync } from 'node:fs';

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

/** The recorded runs: with go-livepeer itself, and with the model of it that CI has. */
export function matrix(): string[] {
  const real = recordedRows('go-livepeer');
  const model = recordedRows('model');
  const columns = [...new Set(real.map(column))];
  return [
    '## Every publisher with every server with every subscriber',
    '',
    'Verdicts of [test/interop](../test/interop/README.md): **exact** is every byte, in order, once; **reported** is a loss that the side that can know',
    'has told; **silent** is a loss that nobody told; **broken** is worse. `go` is go-livepeer (package trickle) in this table, run where it could be had; `python` and',
    '`pytrickle` have the habits of those clients, in our own words. CI plays the same matrix with a model of the Go server and its clients.',
    '',
    `| Publisher > server > subscriber | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...[...new Set(real.map(pairing))].map((name) => `| ${name} | ${cells(real, name, columns).join(' | ')} |`),
    '',
    '| Recorded run | Pairings and scenarios | Segments and lines published | Arrived | Bytes read | exact | reported | silent | broken |',
    '|---|---|---|---|---|---|---|---|---|',
    totals('with go-livepeer', real),
    totals('with the model', model),
    '',
  ];
}

const column = ({ kind, scenario }: Row) => `${kind}, ${scenario}`;
const pairing = ({ publisher, server, subscriber }: Row) => `${publisher} > ${server} > ${subscriber}`;

function cells(rows: readonly Row[], name: string, columns: readonly string[]): string[] {
  return columns.map((each) => rows.find((row) => pairing(row) === name && column(row) === each)?.verdict ?? '–');
}

function totals(name: string, rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0).toLocaleString('en');
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const moved = [
    sum(({ account }) => account.published),
    sum(({ account }) => account.arrived),
    sum(({ account }) => account.bytes),
  ];
  const verdicts = ['exact', 'reported', 'silent', 'broken'].map(count).join(' | ');
  return `| ${name} | ${rows.length} | ${moved.join(' | ')} | ${verdicts} |`;
}
