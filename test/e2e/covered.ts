/**
 * `npm run docs -w test/e2e`: writes the tables of docs/egress.md and docs/telemetry.md, which say for each line of the acceptance lists which
 * tests carry its number in their names. A line without a test is shown as such.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './processes.ts';

interface List {
  readonly section: number;
  readonly title: string;
  readonly lines: number;
}

const relay: List = { section: 1, title: 'Relay', lines: 26 };

/** Each document, with the lists whose lines it shows. */
const documents: Readonly<Record<string, { readonly title: string; readonly lists: readonly List[] }>> = {
  'docs/egress.md': {
    title: 'Egress: what is tested where',
    lists: [relay, { section: 2, title: 'Metrics reporter', lines: 20 }],
  },
  'docs/telemetry.md': {
    title: 'Telemetry: what is tested where',
    lists: [
      relay,
      { section: 3, title: 'Telemetry service', lines: 25 },
      { section: 4, title: 'Telemetry stream', lines: 20 },
    ],
  },
};

export const documentNames = Object.keys(documents);

/** The text of one document, from the names of the tests as they are now. */
export function covered(name: string): string {
  const { title, lists } = documents[name] ?? { title: '', lists: [] };
  const tests = namesByLine();
  const head = [`# ${title}`, '', '<!-- Written by `npm run docs -w test/e2e`; a test fails when it is stale. -->', ''];
  return [...head, ...lists.flatMap((list) => table(list, tests))].join('\n');
}

function table({ section, title, lines }: List, tests: ReadonlyMap<string, readonly string[]>): string[] {
  const numbers = Array.from({ length: lines }, (_, at) => `${section}.${at + 1}`);
  const open = numbers.filter((number) => !tests.has(number));
  const rows = numbers.map((number) => `| ${number} | ${tests.get(number)?.join('<br>') ?? '**none yet**'} |`);
  const sum = `${lines - open.length} of ${lines} lines have tests${open.length > 0 ? `; none yet: ${open.join(', ')}` : ''}.`;
  return [`## EGRESS section ${section}: ${title}`, '', sum, '', '| Line | Tests |', '|---|---|', ...rows, ''];
}

/** A test's name is a string that begins with EGRESS and the numbers of its lines. */
const named = /(['"`])EGRESS ((?:\d+\.\d+(?:, | and )?)+): ((?:\\.|(?!\1).)*)\1/g;

function namesByLine(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const files = globSync('{packages,apps,test}/*/{src,test,fuzz,ours,.}/**/*.test.ts', { cwd: root });
  for (const path of [...new Set(files)].filter((each) => !each.includes('node_modules')).sort()) {
    for (const [, , numbers = '', text = ''] of readFileSync(join(root, path), 'utf8').matchAll(named)) {
      const cell = `${text.replaceAll('\\', '').replaceAll('|', '\\|')} ([${path}](../${path}))`;
      for (const number of numbers.split(/, | and /)) found.set(number, [...(found.get(number) ?? []), cell]);
    }
  }
  return found;
}

if (import.meta.main) for (const name of documentNames) writeFileSync(join(root, name), covered(name));
