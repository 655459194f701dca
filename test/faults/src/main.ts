/** `npm run faults -- --cycles 300 --seed 1`: scripted faults, `kill -9` cycles, damaged journals; prints what came of them and writes it as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { damagedJournals } from './damage.ts';
import { killCycles } from './kill.ts';
import { play, type Row, SCENARIOS } from './script.ts';

const HELP = `Usage: npm run faults [-- options]

  --cycles N    times that the client is killed (default 300; 0 leaves them out)
  --damages N   journals that are damaged (default 60; 0 leaves them out)
  --no-script   leaves the scripted faults out
  --seed S      chooses the faults and moments (default: by chance; it is printed)
  --help        prints this

Exits with 1 if an event was lost, came twice for no reason or out of order, or a client did not start.`;

const RESULT = new URL('../.tmp/faults.json', import.meta.url);

const { values } = parseArgs({
  allowNegative: true,
  options: {
    cycles: { type: 'string', default: '300' },
    damages: { type: 'string', default: '60' },
    script: { type: 'boolean', default: true },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else await main(count('cycles'), count('damages'), count('seed'));

async function main(cycles: number, damages: number, seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  const rows: Row[] = [];
  for (const scenario of values.script ? SCENARIOS : []) rows.push(await play(scenario));
  if (rows.length > 0) console.table(rows);
  const kill = cycles > 0 ? await killCycles({ cycles, seed, progress: every(50, 'killed', cycles) }) : undefined;
  if (kill) show('kill -9', kill);
  const damage =
    damages > 0 ? await damagedJournals({ damages, seed, progress: every(20, 'damaged', damages) }) : undefined;
  if (damage) show('damaged journals', damage);

  mkdirSync(new URL('.', RESULT), { recursive: true });
  writeFileSync(RESULT, `${JSON.stringify({ seed, node: process.version, script: rows, kill, damage }, null, 2)}\n`);
  const problems = [...(kill?.problems ?? []), ...(damage?.problems ?? []), ...(damage?.undelivered ?? [])];
  const red = rows.filter(({ ok }) => !ok).map(({ fault }) => `${fault}: not all was delivered`);
  for (const problem of [...red, ...problems].slice(0, 50)) console.error(`PROBLEM ${problem}`);
  console.log(`${red.length + problems.length} problems; all figures are in ${fileURLToPath(RESULT)}`);
  process.exitCode = red.length + problems.length > 0 ? 1 : 0;
}

function show(what: string, { problems, ...figures }: { readonly problems: readonly string[] }): void {
  console.log(`${what}: ${problems.length} problems`);
  for (const [name, figure] of Object.entries(figures)) console.log(`  ${name.padEnd(15)} ${JSON.stringify(figure)}`);
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
