/** docs/console.md and its charts, from the figures that were recorded. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { lines } from '@runnel/bench/charts';
import type { Sample } from './page-load.ts';

export type Kind = 'memory' | 'frames';

export const LENGTHS = {
  memory: { seconds: 3_600, everySeconds: 60 },
  frames: { seconds: 120, everySeconds: 5 },
} as const satisfies Record<Kind, { seconds: number; everySeconds: number }>;

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
  for (const [kind, { part, chartsOf }] of Object.entries(PARTS)) {
    const path = resultPath(kind as Kind);
    if (!existsSync(path)) continue;
    const result: LoadResult = JSON.parse(await readFile(path, 'utf8'));
    parts.push(part(result), measured(result));
    Object.assign(charts, chartsOf(result.samples));
  }
  return { ...charts, 'console.md': `${parts.join('\n\n')}\n` };
}

const HEAD = `# The console at 1,000 events a second

<!-- Written by \`npm run load -w apps/console -- memory --record\` and \`-- frames --record\`; a test fails when it is stale. -->

One page of the [console](../apps/console/README.md), open at a session whose runner emits 1,000 events a second: tail, charts, ledger. The browser is a
headless Chromium that draws without a graphics card, on the machine that the server, the relay and the runner are on.`;

const MEMORY = { heapMb: 'script', objectsMb: 'objects', buffersMb: 'buffers' } as const;

const PARTS: Record<
  Kind,
  { part: (result: LoadResult) => string; chartsOf: (samples: readonly Sample[]) => Record<string, string> }
> = {
  memory: {
    part: ({ samples }) => `## Memory

![Memory after garbage collection, over time](console-memory.svg)

A look each minute, after garbage collection. Averages of the first quarter of the looks and of the last:

| MB | First | Last | Most |
|---|---|---|---|
${(Object.keys(MEMORY) as (keyof typeof MEMORY)[])
  .map((figure) => {
    const most = Math.max(...samples.map((sample) => sample[figure]));
    return `| ${MEMORY[figure]} | ${oneDecimal(mean(first(samples), figure))} | ${oneDecimal(mean(last(samples), figure))} | ${oneDecimal(most)} |`;
  })
  .join('\n')}

The objects grow by what looking costs, as far as is known: while Chromium's \`Network\` domain is on, as Playwright has it, each request of a page leaves some
330 bytes behind (2,000 requests of a blank page: 0.65 MB), and none while it is off. This page makes a few each second. Script and buffers are flat.

The page has ${whole(samples.at(-1)?.elements)} elements at the end, ${samples.at(-1)?.rows} of them rows of the tail.`,
    chartsOf: (samples) => ({
      'console-memory.svg': lines({
        title: 'The console at 1,000 events a second: memory',
        subtitle: 'MB after garbage collection, flat is good',
        x: 'minutes',
        series: Object.entries(MEMORY).map(([figure, name]) => ({
          name,
          points: samples.map((sample) => [Math.round(sample.seconds / 60), sample[figure as keyof Sample]]),
        })),
      }),
    }),
  },
  frames: {
    part: ({ samples }) => `## Frames

![Frames a second, over time](console-frames.svg)

A look each five seconds: ${oneDecimal(median(samples, 'framesPerSecond'))} frames a second in the median, of the 60 that the browser draws at most. The longest time between two is
${whole(median(samples, 'longestFrameMs'))} ms in the median of the looks, and ${whole(Math.max(...samples.map(({ longestFrameMs }) => longestFrameMs)))} ms at worst; what is drawn of the tail is drawn ten times a second.`,
    chartsOf: (samples) => ({
      'console-frames.svg': lines({
        title: 'The console at 1,000 events a second: frames',
        subtitle: 'a second, 60 at most',
        x: 'seconds',
        series: [
          { name: 'frames', points: samples.map((sample) => [Math.round(sample.seconds), sample.framesPerSecond]) },
        ],
      }),
    }),
  },
};

const measured = ({ at, browser, cores, load, samples }: LoadResult) =>
  `${whole(samples.at(-1)?.seconds)} s with ${whole(mean(samples, 'linesPerSecond'))} lines and ${whole(mean(samples, 'mainThreadMs'))} ms of the page's main thread a second; ${at.slice(0, 10)}, Chromium ${browser}, ${cores} cores, load average ${oneDecimal(load)}.`;

const first = (samples: readonly Sample[]) => samples.slice(0, Math.ceil(samples.length / 4));
const last = (samples: readonly Sample[]) => samples.slice(-Math.ceil(samples.length / 4));
const mean = (samples: readonly Sample[], figure: keyof Sample) =>
  samples.reduce((sum, sample) => sum + sample[figure], 0) / samples.length;
const median = (samples: readonly Sample[], figure: keyof Sample) =>
  samples.map((sample) => sample[figure]).sort((a, b) => a - b)[Math.floor(samples.length / 2)];
const whole = (n = Number.NaN) => Math.round(n).toLocaleString('en');
const oneDecimal = (n = Number.NaN) => n.toFixed(1);
