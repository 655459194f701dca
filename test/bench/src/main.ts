/** `npm run bench -- NAME… --rounds 5`: finds the workloads asked for, runs one after the other, reports each. */
import { parseArgs } from 'node:util';
import { report } from './document.ts';
import { removeFolders } from './folders.ts';
import { machine } from './machine.ts';
import { profile } from './profile.ts';
import { keep, recordsFolder } from './result.ts';
import { choose, list, loadWorkloads, only, runAll, UsageError } from './run.ts';
import { soak, trendByRole } from './soak.ts';
import { killAll } from './spawn.ts';
import type { Workload } from './workload.ts';

const HELP = `Usage: npm run bench -- [NAME…] [options]
       npm run bench -- report | profile NAME | soak | faults

Runs the workloads named, or all of them, and prints medians and their ratios to each workload's baseline.
NAME is a workload, or the beginning of several up to a hyphen: fan-out is fan-out-100 and fan-out-1000,
growth is cost as channels, waiting readers, events and sessions grow.

  --rounds N    rounds that count (default 5)
  --seconds S   how long a round lasts, where it is a time (default 2)
  --warmup S    how long the round before them lasts, which does not count (default 3)
  --only A,B    these contenders alone
  --record      keep the results in test/bench/results/, which docs/performance.md is made of
  --quick       one short round, to see that everything runs; its figures mean nothing
  --list        names the workloads and their contenders
  --help        prints this

report          makes docs/performance.md and its charts from test/bench/results/
profile NAME    runs ours once and leaves CPU profiles that a browser's tools open; takes --only, --seconds
soak            a thousand events a second through the whole relay; takes --minutes (default 60), --record
faults          failing services against today's Node clients and ours; takes --only`;

// Servers and generators go with the bench, however it ends.
process.once('exit', () => {
  killAll();
  removeFolders();
});
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  process.once(signal, () => process.exit(code));
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
  const [command, name = ''] = positionals;
  if (command === 'report') return console.log((await report()).map((file) => `docs/${file}`).join('\n'));
  if (command === 'faults') return (await import('../faults/main.ts')).faults(values.only);
  if (command === 'soak') return soaked(number('minutes', values.minutes ?? '60', 0.1), values.record ?? false);
  const workloads = await loadWorkloads();
  if (values.list) return workloads.forEach(list);
  if (command === 'profile') return profiles(choose(workloads, [name]), values);
  const quick = values.quick ?? false;
  const options = {
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '5'), 1),
    seconds: number('seconds', values.seconds ?? (quick ? '0.3' : '2'), 0.1),
    warmup: number('warmup', values.warmup ?? (quick ? '0.3' : '3'), 0),
    record: values.record ?? false,
    machine: machine(),
  };
  if (!Number.isInteger(options.rounds)) throw new UsageError('--rounds takes a whole number.');
  const chosen = choose(workloads, positionals).map((workload) => only(workload, values.only));
  await runAll(chosen, options);
}

async function soaked(minutes: number, record: boolean): Promise<void> {
  const soaked = await soak(minutes, (message) => console.error(`  … ${message}`));
  console.log(`${soaked.events} events, all arrived. Memory grows by, in MiB an hour:`);
  console.table(trendByRole(soaked));
  if (record) await keep(recordsFolder, 'soak', soaked);
}

async function profiles(workloads: Workload[], { only, seconds = '5' }: { only?: string; seconds?: string }) {
  for (const workload of workloads) {
    const files = await profile(workload, only, number('seconds', seconds, 0.1));
    console.log(`${workload.name}: open these in the Performance panel of a browser's tools\n${files.join('\n')}`);
  }
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
        minutes: { type: 'string' },
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
