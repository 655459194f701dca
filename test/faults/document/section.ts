/** The section "Under faults" of docs/egress.md, made of recorded runs. `npm run docs` writes it, together with its chart. */
import { CHART, type Comparison, comparison } from './chart.ts';
import { recorded, recordedBench } from './recorded.ts';
import { clocks, damages, disks, kills, networks, scripts } from './runs.ts';
import { count, table } from './table.ts';

/** Markdown, ending in an empty line. */
export function underFaults(): string {
  const runs = recorded();
  return [
    '## Under faults',
    '',
    ...peers(),
    '### Kills, networks, disks, clocks',
    '',
    'Recorded by `npm run faults -- --record NAME`; what each is: [test/faults](../test/faults). Lost is what was committed to the journal and never arrived.',
    '',
    ...runs.flatMap(kills),
    ...runs.flatMap(networks),
    ...runs.flatMap(disks),
    ...runs.flatMap(clocks),
    ...runs.flatMap(damages),
    ...runs.flatMap(scripts),
    '### Throughput, latency, memory',
    '',
    ...benches(),
  ].join('\n');
}

function peers(): string[] {
  const found = comparison();
  if (!found) return ['Not recorded yet: `npm run bench -- faults`.', ''];
  const { at, machine, rows } = found;
  const faults = [...new Set(rows.map(({ fault }) => fault))];
  // One that was set up otherwise for a fault or two stands beside the one that it is a variant of.
  const names = found.peers.map(({ name }) => name).filter((name) => !variantOf(name));
  const cell = (fault: string, peer: string, show: (row: Row) => string) =>
    rows
      .filter((row) => row.fault === fault && (row.peer === peer || variantOf(row.peer) === peer))
      .map((row) => (row.peer === peer ? show(row) : `${row.peer.slice(peer.length + 2)}: ${show(row)}`))
      .join('; ');
  const matrix = (show: (row: Row) => string) =>
    table(
      ['Fault', ...names],
      faults.map((fault) => [fault, ...names.map((name) => cell(fault, name, show))]),
    );
  return [
    `The same failing service, in real time, for our client and for today's Node clients with their default settings. 1,000 events, 50 a second; the fault begins with the first; half a minute after it is over the client is told to end, in its own way. ${at}, Node ${machine.node.slice(1)}, ${machine.cores} cores; \`npm run bench -- faults\`.`,
    '',
    `![Delivered events of those that could be delivered, for each fault and client](${CHART})`,
    '',
    'Delivered, of what the script lets anybody deliver; `twice`: delivered once more; `×`: requests for each different batch, where some were repeated.',
    '',
    ...matrix(delivery),
    ...found.peers.map(({ name, version, settings }) => `- ${name} (${version}): ${settings}`),
    '',
    'A burst is handed over in one turn of the event loop. Our runner keeps a ring of 256 events, so that inference code never pays for a queue; what it evicts is counted as `queue_overflow`. A larger ring is an option.',
    '',
    '<details><summary>What each said at its end</summary>',
    '',
    'How long it took, what it said (`resolved`: the promise of its way to end resolved, which is all it says), sentences on its channel for errors, and requests in all.',
    '',
    ...matrix(ending),
    '</details>',
    '',
  ];
}

type Row = Comparison['rows'][number];

function delivery({ delivered, deliverable, duplicates, amplification }: Row): string {
  const twice = duplicates > 0 ? `, ${count(duplicates)} twice` : '';
  const repeated = amplification > 1 ? `, ×${amplification}` : '';
  return `${count(delivered)} of ${count(deliverable)}${twice}${repeated}`;
}

const ending = ({ shutdownMs, shutdown, errors, requests }: Row) =>
  `${(shutdownMs / 1000).toFixed(1)} s: ${shutdown}; ${count(errors)} errors; ${count(requests)} requests`;

/** `a, b` is a variant of `a`. */
const variantOf = (name: string) => (name.includes(', ') ? name.slice(0, name.indexOf(', ')) : undefined);

const BENCHES = ['relay-throughput', 'journal', 'relay-latency', 'relay-outage'];

function benches(): string[] {
  const found = BENCHES.flatMap(bench);
  return found.length > 0 ? found : [`Not recorded yet: \`npm run bench -- ${BENCHES.join(' ')}\`.`, ''];
}

function bench(name: string): string[] {
  const found = recordedBench(name);
  if (!found) return [];
  const { workload, at, machine, summary } = found;
  const figures = Object.entries(workload.figures);
  const head = ['', ...figures.map(([figure, { unit }]) => `${figure}, ${unit}`)];
  const rows = Object.entries(summary).map(([contender, taken]) => [
    contender,
    ...figures.map(([figure]) => count(taken[figure]?.median)),
  ]);
  const about = `${workload.about[0]?.toUpperCase()}${workload.about.slice(1)}.`;
  const where = `${at.slice(0, 10)}, ${machine.cores} cores; medians; \`npm run bench -- ${name}\`.`;
  return [`${about} ${where}`, '', ...table(head, rows)];
}
