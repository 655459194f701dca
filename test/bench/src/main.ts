/** `npm run bench -- NAME… --rounds 5`: finds the workloads asked for, runs one after the other, reports each. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table, writeResult } from './report.ts';
import { measure } from './rounds.ts';
import { summarise } from './summary.ts';
import type { Workload } from './workload.ts';

const HELP = `Usage: npm run bench -- [NAME…] [options]

Runs the workloads named, or all of them, and prints medians and their ratios to each workload's baseline.
Every round is kept as JSON in test/bench/results/.

  --rounds N   rounds that count (default 5)
  --warmup N   rounds before them that do not (default 1)
  --list       names the workloads
  --help       prints this`;

const workloadsFolder = new URL('../workloads/', import.meta.url);
const resultsFolder = new URL('../results/', import.meta.url);

class UsageError extends Error {}

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
  const workloads = await loadWorkloads();
  if (values.list) {
    return workloads.forEach(({ name, about }) => {
      console.log(`${name.padEnd(12)} ${about}`);
    });
  }
  const rounds = count('rounds', values.rounds, 1);
  const warmup = count('warmup', values.warmup, 0);
  for (const workload of choose(workloads, positionals)) await run(workload, rounds, warmup);
}

async function run(workload: Workload, rounds: number, warmup: number): Promise<void> {
  console.log(`\n${workload.name}: ${workload.about}`);
  const measured = await measure(workload, { rounds, warmup, progress: (message) => console.error(`  … ${message}`) });
  const summaries = summarise(workload, measured.rounds);
  console.log(`\n${table(workload, summaries)}\n`);
  console.log(`  ${fileURLToPath(await writeResult(resultsFolder, workload, measured, summaries))}`);
}

async function loadWorkloads(): Promise<Workload[]> {
  const files = globSync('*.ts', { cwd: fileURLToPath(workloadsFolder) }).sort();
  return Promise.all(
    files.map(async (file): Promise<Workload> => (await import(new URL(file, workloadsFolder).href)).default),
  );
}

function choose(workloads: Workload[], names: string[]): Workload[] {
  if (names.length === 0) return workloads;
  return names.map((name) => {
    const found = workloads.find((workload) => workload.name === name);
    if (!found)
      throw new UsageError(
        `There is no workload "${name}". There are: ${workloads.map((each) => each.name).join(', ')}.`,
      );
    return found;
  });
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        warmup: { type: 'string', default: '1' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`, { cause: error });
  }
}

function count(option: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min)
    throw new UsageError(`--${option} takes a whole number from ${min} up, not "${text}".`);
  return value;
}
