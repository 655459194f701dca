/** What docs/console.md says of the page's memory, by the figures alone. */
import { lines } from '@runnel/bench/charts';
import { type FlatBounds, trendOf } from '@runnel/bench/trend';
import { everySeconds, firstQuarter, lastQuarter, mean, most, oneDecimal, whole } from './figures.ts';
import type { Sample } from './page-load.ts';

const KINDS = { heapMb: 'script', objectsMb: 'objects', buffersMb: 'buffers' } as const;
const FIGURES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** MB an hour: at a thousand lines a second, less than a third of a byte a line. */
const FLAT: FlatBounds = { most: 1 };

export function memoryPart(samples: readonly Sample[]): string {
  const trends = FIGURES.map((figure) => ({ figure, name: KINDS[figure], ...trend(samples, figure) }));
  const growing = trends.filter(({ flat }) => !flat).map(({ name }) => name);
  const rows = trends.map(({ figure, name, slope, flat }) => {
    const sizes = [mean(firstQuarter(samples), figure), mean(lastQuarter(samples), figure), most(samples, figure)];
    return `| ${name} | ${[...sizes, slope].map(oneDecimal).join(' | ')} | ${flat ? 'flat' : 'not flat'} |`;
  });
  const bytesOfLine = (FLAT.most * 1e6) / 3_600 / mean(samples, 'linesPerSecond');
  return `## Memory

![Memory after garbage collection, over time](console-memory.svg)

A look every ${whole(everySeconds(samples))} s, by DevTools with their \`Network\` domain off, which would keep something of each request: what is left after garbage
collection. Averages of the first quarter of the looks and of the last, and the most of all:

| MB | First | Last | Most | Growth, MB/h | |
|---|---|---|---|---|---|
${rows.join('\n')}

${growing.length === 0 ? 'All of it is flat' : `Not flat: ${growing.join(', ')}`}. Growth is the median of the slopes between any two looks of the second half; up to ${FLAT.most} MB an hour,
${oneDecimal(bytesOfLine)} bytes a line, is flat.

The page has ${whole(samples.at(-1)?.elements)} elements at the end, ${samples.at(-1)?.rows} of them rows of the tail.`;
}

const trend = (samples: readonly Sample[], figure: keyof Sample) =>
  trendOf(
    samples.map((sample) => [sample.seconds / 3_600, sample[figure]]),
    FLAT,
  );

export const memoryChart = (samples: readonly Sample[]) => ({
  'console-memory.svg': lines({
    title: 'The console at 1,000 events a second: memory',
    subtitle: 'MB after garbage collection, flat is good',
    x: 'minutes',
    series: FIGURES.map((figure) => ({
      name: KINDS[figure],
      points: samples.map((sample) => [sample.seconds / 60, sample[figure]]),
    })),
  }),
});
