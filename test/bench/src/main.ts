/** `npm run bench -- NAME… --rounds 5`: finds the workloads asked for, runs one after the other, reports each. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from './document.ts';
import { killAll } from './program.ts';
import { table } from './report.ts';
import { resultOf, writeResult } from './result.ts';
import { measure } from './rounds.ts';
import type { Workload } from './workload.ts';

const HELP = `Usage: npm run bench -- [NAME…] [options]

Runs the workloads named, or all of them, and prints medians and their ratios to each workload's baseline.
"faults" plays failing services against today's Node clients and ours instead, and takes --only alone.
NAME is a workload, or the beginning of several up to a hyphen: fan-out is fan-out-100 and fan-out-1000.
Every round is kept as JSON in test/bench/.tmp/results/.

  --rounds N    rounds that count (default 5)
  --seconds S   how long a round lasts, where it is a time (default 2)
  --warmup S    how long the round before them lasts, which does not count (default 3)
  --only A,B    these contenders alone
  --record      keep the result in test/bench/results/, for docs/performance.md
  --quick       one short round, to see that everything runs; its figures mean nothing
  --list        names the workloads and their contenders
  --help        prints this`;

const workloadsFolder = new URL('../workloads/', import.meta.url);
const recordsFolder = new URL('../results/', import.meta.url);
const resultsFolder = new URL('../.tmp/results/', import.meta.url);

class UsageError extends Error {}

// Servers and generators go with the bench.
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  process.once(signal, () => {
    killAll();
    process.exit(code);
  });
}

try {
  await main();
} catch (error) {
  // A wrong command line is for its writer to put right: they need the sentence, not the stack.
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const { values, positionals } = parse();
  if (values.help) return console.log(HELP);
  if (positionals[0] === 'report') return console.log((await report()).map((name) => `docs/${name}`).join('\n'));
  if (positionals[0] === 'faults') return (await import('../faults/main.ts')).faults(values.only);
  const workloads = await loadWorkloads();
  if (values.list) return workloads.forEach(list);
  const quick = values.quick ?? false;
  const options = {
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '5'), 1),
    seconds: number('seconds', values.seconds ?? (quick ? '0.3' : '2'), 0.1),
    warmup: number('warmup', values.warmup ?? (quick ? '0.3' : '3'), 0),
    record: values.record ?? false,
  };
  if (!Number.isInteger(options.rounds)) throw new UsageError('--rounds takes a whole number.');
  for (const workload of choose(workloads, positionals)) await run(only(workload, values.only), options);
}

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly record: boolean;
}

async function run(workload: Workload, options: Options): Promise<void> {
  console.log(`\n${workload.name}: ${workload.about}`);
  const measured = await measure(workload, { ...options, progress: (message) => console.error(`  … ${message}`) });
  const result = resultOf(workload, measured, options);
  console.log(`\n${table(workload, result.summary)}\n`);
  for (const [name, reason] of Object.entries({ ...measured.unavailable, ...measured.failed })) {
    console.log(`  without ${name}: ${reason}`);
  }
  if (Object.keys(measured.failed).length > 0) process.exitCode = 1;
  const file = options.record
    ? await writeResult(recordsFolder, workload.name, result)
    : await writeResult(resultsFolder, `${workload.name}-${result.at.replaceAll(/[:.]/g, '-')}`, result);
  console.log(`  ${fileURLToPath(file)}`);
}

function list({ name, about, contenders }: Workload): void {
  console.log(`${name.padEnd(18)} ${about}\n${' '.repeat(19)}${Object.keys(contenders).join(', ')}`);
}

function only(workload: Workload, names: string | undefined): Workload {
  if (names === undefined) return workload;
  const wanted = new Set(names.split(','));
  const contenders = Object.fromEntries(Object.entries(workload.contenders).filter(([name]) => wanted.has(name)));
  return { ...workload, contenders };
}

async function loadWorkloads(): Promise<Workload[]> {
  const files = globSync('*.ts', { cwd: fileURLToPath(workloadsFolder) }).sort();
  return Promise.all(
    files.map(async (file): Promise<Workload> => (await import(new URL(file, workloadsFolder).href)).default),
  );
}

function choose(workloads: Workload[], names: string[]): Workload[] {
  if (names.length === 0) return workloads;
  return names.flatMap((name) => {
    const found = workloads.filter((workload) => workload.name === name || workload.name.startsWith(`${name}-`));
    if (found.length > 0) return found;
    const known = workloads.map((each) => each.name).join(', ');
    throw new UsageError(`There is no workload "${name}". There are: ${known}.`);
  });
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        warmup: { type: 'string' },
        only: { type: 'string' },
        quick: { type: 'boolean' },
        record: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`, { cause: error });
  }
}

function number(option: string, text: string, min: number): number {
  const value = Number(text);
  if (!(value >= min)) throw new UsageError(`--${option} takes a number from ${min} up, not "${text}".`);
  return value;
}
