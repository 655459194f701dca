// Adds up the JSON reports that Vitest left in every workspace and prints "N passed, N failed[, N skipped]".
// With --clear it removes them instead, so that an old report is never counted.
import { globSync, readFileSync, rmSync } from 'node:fs';

const reports = globSync('{packages,apps,test}/*/.tmp/vitest.json');

if (process.argv.includes('--clear')) for (const report of reports) rmSync(report);
else console.log(tally(reports.map((path) => JSON.parse(readFileSync(path, 'utf8')))));

function tally(results) {
  const total = (field) => results.reduce((sum, result) => sum + result[field], 0);
  // A file that cannot even be loaded has no tests to fail: it counts as one.
  const broken = results.flatMap((result) => result.testResults).filter(isBroken).length;
  const skipped = total('numPendingTests') + total('numTodoTests');
  const line = `${total('numPassedTests')} passed, ${total('numFailedTests') + broken} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

function isBroken(file) {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}
