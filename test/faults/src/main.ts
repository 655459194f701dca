/** `npm run faults -- --cycles 300 --seed 1`: every fault there is a script for; prints what came of them and writes it as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { badDisk, noBadDisk } from './bad-disk.ts';
import { clockSteps } from './clock-steps.ts';
import { damagedJournals } from './damage.ts';
import { fullDisk, noSmallDisk } from './full-disk.ts';
import { killCycles } from './kill.ts';
import { STORMS, weather } from './network.ts';
import { problemsOf, type Report, show } from './report.ts';
import { SCENARIOS } from './scenarios.ts';
import { play, type Row } from './script.ts';

const HELP = `Usage: npm run faults [-- options]

  --cycles N    times that the client is killed (default 300; 0 leaves them out)
  --damages N   journals that are damaged (default 60; 0 leaves them out)
  --no-script   leaves the others out: failing sinks, networks, disks and clocks
  --seed S      chooses the faults and moments (default: by chance; it is printed)
  --record NAME keeps the report as results/NAME.json, for docs/egress.md (npm run docs); the usual one is "faults"
  --help        prints this

Ctrl-C while clients are killed ends that part after the cycle under way, and reports what was done.
Exits with 1 if an event was lost, came twice for no reason or out of order, or a client did not start.`;

const STILL_HERE_MS = 10_000;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    cycles: { type: 'string', default: '300' },
    damages: { type: 'string', default: '60' },
    script: { type: 'boolean', default: true },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    record: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else await main(count('cycles'), count('damages'), count('seed'));

async function main(cycles: number, damages: number, seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  const began = performance.now();
  const scripted = values.script ? await theScripted() : {};
  const kill = cycles > 0 ? await kills(cycles, seed) : undefined;
  const damage =
    damages > 0 ? await damagedJournals({ damages, seed, progress: every(20, 'damaged', damages) }) : undefined;
  const seconds = Math.round((performance.now() - began) / 1000);
  const at = new Date().toISOString().slice(0, 10);
  const report: Report = { at, node: process.version, seed, seconds, ...scripted, kill, damage };
  show(report);
  const problems = problemsOf(report);
  for (const problem of problems.slice(0, 50)) console.error(`PROBLEM ${problem}`);
  console.log(`${problems.length} problems in ${seconds} s; all figures are in ${write(report)}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
  setTimeout(namesWhatIsLeft, STILL_HERE_MS).unref();
}

/** Once a run did not end after its report. What keeps a process is worth knowing, and no reason to wait for it. */
function namesWhatIsLeft(): void {
  console.error(`Something was left open: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit();
}

/** A run of hours that is interrupted has found out something all the same. */
async function kills(cycles: number, seed: number): Promise<NonNullable<Report['kill']>> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const { signal } = stop;
  const report = await killCycles({ cycles, seed, signal, progress: every(50, 'killed', cycles) });
  process.off('SIGINT', onInterrupt);
  return report;
}

async function theScripted(): Promise<Pick<Report, 'script' | 'network' | 'disk' | 'clock'>> {
  const script: Row[] = [];
  for (const scenario of SCENARIOS) script.push(await play(scenario));
  const network = await Promise.all(STORMS.map(weather));
  const clock = await clockSteps();
  return { script, network, disk: await theDisks(), clock };
}

async function theDisks(): Promise<NonNullable<Report['disk']>> {
  const noMount = noSmallDisk();
  // CI has a root that may mount; that it may not any more is to be seen.
  if (noMount && process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(noMount);
  const noShim = noBadDisk();
  return [
    noMount ? { trouble: 'full disk', skipped: noMount } : await fullDisk(),
    noShim ? { trouble: 'EIO', skipped: noShim } : await badDisk('e'),
    noShim ? { trouble: 'short writes', skipped: noShim } : await badDisk('s'),
  ];
}

function write(report: Report): string {
  const file = new URL(values.record ? `../results/${values.record}.json` : '../.tmp/faults.json', import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return fileURLToPath(file);
}

function every(step: number, what: string, of: number): (done: number) => void {
  return (done) => {
    if (done % step === 0) console.error(`  … ${what} ${done} of ${of}`);
  };
}

function count(name: 'cycles' | 'damages' | 'seed'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} is a whole number, not ${values[name]}\n\n${HELP}`);
  process.exit(2);
}
