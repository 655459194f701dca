/** docs/console.md and its charts, from the figures that were recorded. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { mean, oneDecimal, whole } from './figures.ts';
import { framesChart, framesPart } from './frames.ts';
import { memoryChart, memoryPart } from './memory.ts';
import type { Sample } from './page-load.ts';

export type Kind = 'memory' | 'frames';

/** How long, how often, and how thoroughly at each look: collecting garbage takes time from frames. */
export const LOOKS = {
  memory: { seconds: 3_600, looks: 60, collections: 10 },
  frames: { seconds: 120, looks: 24, collections: 1 },
} as const satisfies Record<Kind, object>;

export interface LoadResult {
  readonly kind: Kind;
  /** When its last look was. */
  readonly at: string;
  readonly browser: string;
  readonly cores: number;
  /** The load average of the minute before the last look. */
  readonly load: number;
  readonly samples: readonly Sample[];
}

export const machineOf = () => ({ cores: availableParallelism(), load: Math.round((loadavg()[0] ?? 0) * 10) / 10 });

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const resultPath = (kind: Kind) => here(`results/${kind}.json`);
const docs = here('../../../../docs');

export async function writeDocument(): Promise<void> {
  for (const [name, text] of Object.entries(await documentOf())) await writeFile(`${docs}/${name}`, text);
}

/** The files in docs/, by name. */
export async function documentOf(): Promise<Record<string, string>> {
  const parts = [HEAD];
  const charts: Record<string, string> = {};
  for (const [kind, { part, chart }] of Object.entries(PARTS)) {
    const path = resultPath(kind as Kind);
    if (!existsSync(path)) continue;
    const result: LoadResult = JSON.parse(await readFile(path, 'utf8'));
    parts.push(part(result.samples), measured(result));
    Object.assign(charts, chart(result.samples));
  }
  return { ...charts, 'console.md': `${parts.join('\n\n')}\n` };
}

const HEAD = `# The console at 1,000 events a second

<!-- Written by \`npm run load -w apps/console -- memory --record\` and \`-- frames --record\`; a test fails when it is stale. -->

One page of the [console](../apps/console/README.md), open at a session whose runner emits 1,000 events a second: tail, charts, ledger. The browser is a
headless Chromium that draws without a graphics card, on the machine that the server, the relay and the runner are on.`;

const PARTS = {
  memory: { part: memoryPart, chart: memoryChart },
  frames: { part: framesPart, chart: framesChart },
} satisfies Record<Kind, unknown>;

const measured = ({ at, browser, cores, load, samples }: LoadResult) =>
  `${whole(samples.at(-1)?.seconds)} s with ${whole(mean(samples, 'linesPerSecond'))} lines and ${whole(mean(samples, 'mainThreadMs'))} ms of the page's main thread a second; ${at.slice(0, 10)}, Chromium ${browser}, ${cores} cores, load average ${oneDecimal(load)}.`;
