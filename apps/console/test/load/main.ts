/**
 * What the page costs at 1,000 events a second, as it is open: `npm run load -w apps/console -- memory` looks sixty times in an hour,
 * `-- frames` every five seconds of two minutes, on a machine that does nothing else. `--seconds N` for another length; `--record` writes
 * the figures to results/ and docs/console.md with its charts, and is of the full length.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPage } from '../loop/build.ts';
import { launchChromium } from '../loop/chromium.ts';
import { startLoop } from '../loop/loop.ts';
import { inside, openBarePage } from './bare-page.ts';
import { type Kind, LOOKS, type LoadResult, machineOf, resultPath, writeDocument } from './document.ts';
import { followLoad, linesRead, type Sample } from './page-load.ts';

/** The tail, the logs and the types are as full as they get. */
const FULL_LINES = 8_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, record: { type: 'boolean', default: false } },
});
if (values.record && values.seconds !== undefined)
  throw new Error('A record is of the full length: leave out --seconds, or --record.');
const kind: Kind = positionals[0] === 'frames' ? 'frames' : 'memory';
const { looks, collections, ...usual } = LOOKS[kind];
const everySeconds = Number(values.seconds ?? usual.seconds) / looks;
const out = values.record ? resultPath(kind) : fileURLToPath(new URL(`../../.tmp/load-${kind}.json`, import.meta.url));

await buildPage();
const loop = await startLoop({ sessions: ['demo'] });
const child = fileURLToPath(new URL('../loop/load-child.ts', import.meta.url));
const runner = spawn(process.execPath, ['--conditions=source', child, loop.server.url, 'demo'], { stdio: 'inherit' });
const browser = await launchChromium();
const page = await openBarePage(browser, `${loop.url}#/session/demo`, { width: 1400, height: 900 });
while ((await inside(page, linesRead)) < FULL_LINES) await setTimeout(500);

const load = await followLoad(page, collections);
const samples: Sample[] = [];
const began = performance.now();
for (let n = 1; n <= looks; n++) {
  await setTimeout(Math.max(0, began + n * everySeconds * 1000 - performance.now()));
  const sample = await load.look();
  samples.push(sample);
  console.log(
    `${sample.seconds.toFixed(0)} s: heap ${sample.heapMb.toFixed(1)} MB, objects ${sample.objectsMb.toFixed(1)} MB, buffers ${sample.buffersMb.toFixed(1)} MB, ${sample.elements} elements; ${sample.linesPerSecond.toFixed(0)} lines, ${sample.framesPerSecond.toFixed(1)} frames and ${sample.mainThreadMs.toFixed(0)} ms of the main thread a second; the longest frame ${sample.longestFrameMs.toFixed(0)} ms`,
  );
  // After each look, so that a run which is ended early leaves what it has seen.
  const result: LoadResult = {
    kind,
    at: new Date().toISOString(),
    browser: browser.version(),
    ...machineOf(),
    samples,
  };
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, `${JSON.stringify(result, undefined, 1)}\n`);
}
await browser.close();
runner.kill('SIGKILL');
await loop.close();
if (values.record) await writeDocument();
