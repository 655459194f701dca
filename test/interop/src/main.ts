// npm run interop [-- --only WORDS] [--seed N] [--record]: plays the matrix, prints it, and writes .tmp/interop.json.
// Ends with status 1 if a pairing has a verdict it may not have.

import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pairings, playAll, type Row } from './matrix.ts';
import { goMissing, goPeer, inWorkspace, pythonMissing } from './toolchain.ts';

/** Runs mostly wait; more at once makes the Go server's five slots a test of the machine. */
const AT_ONCE = 4;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});

const missing = (await goMissing()) ?? (await pythonMissing());
if (missing) {
  console.log(`The matrix was not run: ${missing}.`);
  process.exit(0);
}

const began = performance.now();
const seed = Number(flags.seed);
const words = flags.only.split(',').filter(Boolean);
const entries = pairings().filter((entry) => words.every((word) => nameOf(entry).includes(word)));
console.log(
  `${entries.length} pairings, Go peer: ${goPeer}, seed ${seed}; to play one again: npm run interop -- --only WORDS --seed ${seed}`,
);

let plays = 0;
const rows = await playAll(entries, seed, AT_ONCE, (row) => {
  plays++;
  console.log(lineOf(row));
});
const wrong = rows.filter((row) => !row.allowed.includes(row.verdict));
await record(rows);
const bytes = rows.reduce((sum, { account }) => sum + account.bytes, 0);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `\n${rows.length - wrong.length} of ${rows.length} pairings as they must be, ${plays - rows.length} plays again, ${(bytes / 1e6).toFixed(0)} MB, ${seconds} s`,
);
for (const row of wrong) console.log(`NOT ALLOWED: ${lineOf(row)}`);
process.exit(wrong.length > 0 ? 1 : 0);

function nameOf(row: {
  kind: string;
  scenario: string;
  publisher: string;
  server: string;
  subscriber: string;
}): string {
  return `${row.kind} ${row.scenario}: ${row.publisher} > ${row.server} > ${row.subscriber}`;
}

function lineOf(row: Row): string {
  const { account } = row;
  const told = [
    row.error?.replaceAll(/\s+/g, ' ').slice(0, 300),
    `${account.arrived}/${account.published}`,
    account.missing.length > 0 && `missing ${account.missing.length} from ${account.missing[0]} on`,
    account.unacknowledged > 0 && `unacknowledged ${account.unacknowledged}`,
    account.skipped > 0 && `skipped ${account.skipped}`,
    account.discontinuities > 0 && `discontinuities ${account.discontinuities}`,
    account.partial > 0 && `in part ${account.partial}, known ${account.partialKnown}`,
    account.replayed > 0 && `replayed ${account.replayed}`,
    account.duplicates > 0 && `DUPLICATES ${account.duplicates}`,
    account.disorder > 0 && `DISORDER ${account.disorder}`,
    account.corrupt > 0 && `CORRUPT ${account.corrupt}`,
  ];
  return `${row.verdict.padEnd(8)} ${nameOf(row).padEnd(58)} ${told.filter(Boolean).join(', ')} (${row.ms} ms)`;
}

/** The rows in the matrix's own order, without what differs from run to run where nothing is lost. */
async function record(rows: readonly Row[]): Promise<void> {
  const order = entries.map(nameOf);
  const sorted = rows.toSorted((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)));
  const results = {
    go: goPeer,
    seed,
    rows: sorted.map(({ ms, allowed, ...row }) => ({
      ...row,
      account: { ...row.account, missing: row.account.missing.length },
    })),
  };
  const text = `${JSON.stringify(results, null, 2)}\n`;
  await mkdir(inWorkspace('.tmp'), { recursive: true });
  await writeFile(inWorkspace('.tmp/interop.json'), text);
  if (!flags.record) return;
  await mkdir(inWorkspace('results'), { recursive: true });
  await writeFile(inWorkspace(`results/${goPeer}.json`), text);
}
