/** What docs/console.md says of the frames that the page draws, by the figures alone. */
import { lines } from '@runnel/bench/charts';
import { everySeconds, median, most, oneDecimal, whole } from './figures.ts';
import type { Sample } from './page-load.ts';

export function framesPart(samples: readonly Sample[]): string {
  const inMedian = (figure: keyof Sample) => median(samples, figure);
  return `## Frames

![Frames a second, over time](console-frames.svg)

A look every ${whole(everySeconds(samples))} s: ${oneDecimal(inMedian('framesPerSecond'))} frames a second in the median, of the 60 that the browser draws at most. The longest time between
two is ${whole(inMedian('longestFrameMs'))} ms in the median of the looks, and ${whole(most(samples, 'longestFrameMs'))} ms at worst.`;
}

export const framesChart = (samples: readonly Sample[]) => ({
  'console-frames.svg': lines({
    title: 'The console at 1,000 events a second: frames',
    subtitle: 'a second, 60 at most',
    x: 'seconds',
    series: [{ name: 'frames', points: samples.map((sample) => [sample.seconds, sample.framesPerSecond]) }],
  }),
});
