/**
 * `npm run docs -w test/e2e`: writes the tables of docs/egress.md and docs/telemetry.md, which say for each line of the acceptance lists which
 * tests carry its number in their names. A line without a test is shown as such.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { underFaults } from '@runnel/faults/document';
import { root } from './processes.ts';

interface List {
  readonly title: string;
  /** The number of each line, and what it is about where the list has a name for it. */
  readonly lines: ReadonlyMap<string, string>;
}

const numbered = (section: number, title: string, count: number): List => ({
  title: `section ${section}: ${title}`,
  lines: new Map(Array.from({ length: count }, (_, at) => [`${section}.${at + 1}`, ''])),
});

const named = (section: number, title: string, prefix: string, names: readonly string[]): List => ({
  title: `section ${section}: ${title}`,
  lines: new Map(names.map((name, at) => [`${prefix}${at + 1}`, name])),
});

const relay = numbered(1, 'Relay', 26);

/** The rows of section 6, in its order. */
const failures = [
  'crash while re-queuing',
  'torn, spliced or corrupt journal',
  '"healthy but dead"',
  'disk full',
  'poison event',
  'retry storm',
  'Retry-After abuse',
  'duplicate after a crash or time-out',
  'head-of-line between sinks',
  'slow sink, old data first',
  'newest evicted on requeue',
  'batch limit ratchet',
  'clock step',
  'shutdown drain',
  'crash in an emitter’s thread',
  'channel gap, reconnect, late join',
  'poison line on the control channel',
  'config error destroys the backlog',
  'two relays, one journal',
  'a handler’s exception detaches it',
];

/** The rows of section 7, in its order. */
const figures = [
  'nothing unexplained under random faults',
  'no loss of what was committed',
  'start with a journal of a million',
  'full disk',
  'one sink hung, the others’ rate',
  'poison',
  'outages and bursts',
  'retries, and the peak after an outage',
  'duplicates',
  'order',
  'shutdown within its deadline',
  'memory with a sink down',
  'throughput',
  'latency',
  'wall-clock steps',
  'control under overload',
  'gaps counted',
  'catching up',
];

interface Document {
  readonly title: string;
  readonly lists: readonly List[];
  /** What stands behind the tables. */
  readonly rest?: () => string;
}

/** Each document, with the lists whose lines it shows. */
const documents: Readonly<Record<string, Document>> = {
  'docs/egress.md': {
    title: 'Egress: what is tested where',
    lists: [
      relay,
      numbered(2, 'Metrics reporter', 20),
      named(6, 'The hardest failure modes', '6.', failures),
      named(7, 'Reliability figures', 'R', figures),
    ],
    rest: underFaults,
  },
  'docs/telemetry.md': {
    title: 'Telemetry: what is tested where',
    lists: [relay, numbered(3, 'Telemetry service', 25), numbered(4, 'Telemetry stream', 20)],
  },
};

export const documentNames = Object.keys(documents);

/** The text of one document, from the names of the tests as they are now. */
export function covered(name: string): string {
  const { title, lists, rest }: Document = documents[name] ?? { title: '', lists: [] };
  const tests = namesByLine();
  const head = [`# ${title}`, '', '<!-- Written by `npm run docs -w test/e2e`; a test fails when it is stale. -->', ''];
  return [...head, ...lists.flatMap((list) => table(list, tests)), ...(rest ? [rest()] : [])].join('\n');
}

function table({ title, lines }: List, tests: ReadonlyMap<string, readonly string[]>): string[] {
  const measured = [...lines.keys()].filter((number) => !tests.has(number) && workloads.has(number));
  const open = [...lines.keys()].filter((number) => !tests.has(number) && !workloads.has(number));
  const where = (number: string) => tests.get(number)?.join('<br>') ?? bench(number) ?? '**none yet**';
  const rows = [...lines].map(([number, name]) => `| ${number}${name && ` ${name}`} | ${where(number)} |`);
  const others = [
    ...(measured.length > 0 ? [`measured by the bench: ${measured.join(', ')}`] : []),
    ...(open.length > 0 ? [`none yet: ${open.join(', ')}`] : []),
  ];
  const tested = lines.size - open.length - measured.length;
  const sum = `${[`${tested} of ${lines.size} lines have tests`, ...others].join('; ')}.`;
  return [`## EGRESS ${title}`, '', sum, '', '| Line | Tests |', '|---|---|', ...rows, ''];
}

/** Speed is no matter of tests. */
const workloads = new Map([
  ['R12', 'relay-outage'],
  ['R13', 'relay-throughput and journal'],
  ['R14', 'relay-latency'],
]);

function bench(number: string): string | undefined {
  const names = workloads.get(number);
  return names && `the bench: ${names} in [performance.md](performance.md)`;
}

/** A test's name is a string that begins with EGRESS and the numbers of its lines; those of other documents may follow. */
const numberedName = /(['"`])EGRESS ((?:(?:(?:[A-Z]+ )?\d+(?:\.\d+)?|R\d+)(?:, | and )?)+): ((?:\\.|(?!\1).)*)\1/g;

function namesByLine(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const files = globSync('{packages,apps,test}/*/{src,test,fuzz,ours,.}/**/*.test.ts', { cwd: root });
  for (const path of [...new Set(files)].filter((each) => !each.includes('node_modules')).sort()) {
    for (const [, , numbers = '', text = ''] of readFileSync(join(root, path), 'utf8').matchAll(numberedName)) {
      const cell = `${text.replaceAll('\\', '').replaceAll('|', '\\|')} ([${path}](../${path}))`;
      for (const number of numbers.split(/, | and /)) found.set(number, [...(found.get(number) ?? []), cell]);
    }
  }
  return found;
}

if (import.meta.main) for (const name of documentNames) writeFileSync(join(root, name), covered(name));
