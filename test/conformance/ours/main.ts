/** `npm run conformance`: starts our server in each set-up, runs the suite against all of them at once, prints a table for each. */
import { parseArgs } from 'node:util';
import { countsOf, formatReport, summaryOf } from '../src/index.ts';
import { casesFor, type Setup, setups } from './setups.ts';
import { holdOurs } from './start.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, json: { type: 'boolean' }, quiet: { type: 'boolean' } },
});
const chosen = setups.map((setup) => ({ setup, only: within(setup, values.only) }));
const reports = await Promise.all(
  chosen
    .filter(({ only }) => only === undefined || only.length > 0)
    .map(async ({ setup, only }) => ({ setup: setup.name, ...(await holdOurs(setup, only)) })),
);

if (values.json) console.log(JSON.stringify(reports, undefined, 2));
else for (const report of reports) console.log(`\n${report.setup}\n\n${values.quiet ? '' : formatReport(report)}`);
for (const report of reports) console.error(`${report.setup}: ${summaryOf(report)}`);
process.exitCode = reports.some(({ results }) => countsOf(results).fail > 0) ? 1 : 0;

/** What of the wanted sections and cases this set-up is for: its limits would fail others. */
function within(setup: Setup, wanted: readonly string[] | undefined): readonly string[] | undefined {
  if (wanted === undefined || setup.only === undefined) return wanted ?? setup.only;
  return wanted.filter((name) => setup.only?.includes(name) || casesFor(setup).some(({ id }) => id === name));
}
