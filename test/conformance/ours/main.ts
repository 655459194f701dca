/** `npm run conformance`: starts our server in each set-up, runs the suite against all of them at once, prints a table for each. */
import { parseArgs } from 'node:util';
import { countsOf, formatReport, summaryOf } from '../src/index.ts';
import { setups } from './setups.ts';
import { holdOurs } from './start.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, json: { type: 'boolean' }, quiet: { type: 'boolean' } },
});
const reports = await Promise.all(
  setups.map(async (setup) => ({ setup: setup.name, ...(await holdOurs(setup, values.only ?? setup.only)) })),
);

if (values.json) console.log(JSON.stringify(reports, undefined, 2));
else for (const report of reports) console.log(`\n${report.setup}\n\n${values.quiet ? '' : formatReport(report)}`);
for (const report of reports) console.error(`${report.setup}: ${summaryOf(report)}`);
process.exitCode = reports.some(({ results }) => countsOf(results).fail > 0) ? 1 : 0;
