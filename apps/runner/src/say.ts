/**
 * What the runner says on standard output, and sends to the client as logs: a line at the start, one every 10 s, one at the end; and, on standard
 * output alone, when the server takes no events and when it does again.
 */
import type { Runner } from '@runnel/runner';
import type { FrameSource } from './frames.ts';
import type { Size } from './pipeline.ts';
import type { FrameStats } from './stats.ts';

const SAY_EVERY_STATS = 10;

export function narrator(runner: Runner) {
  let seen = 0;
  let written = 0;
  let waiting = false;
  const say = (line: string) => {
    console.log(line);
    runner.log(line);
  };
  /** There is an event a second, so a second without one written is a server that is not there. */
  const sayReach = () => {
    const { books, urls } = runner;
    const stuck = books.written === written && books.pending > 0;
    if (stuck !== waiting) console.log(stuck ? `waiting for the server at ${urls.events}` : 'the server is there');
    waiting = stuck;
    written = books.written;
  };
  return {
    start({ source, size, fps }: { source: FrameSource; size: Size; fps: number }): void {
      const { out, events } = runner.urls;
      say(`${source.description}, ${size.width}x${size.height} at ${fps} fps, to ${out}; telemetry to ${events}`);
    },
    stats({ fps_in, fps_out, stages }: FrameStats): void {
      sayReach();
      if (++seen % SAY_EVERY_STATS !== 0) return;
      const times = Object.entries(stages).map(([stage, { p50_ms }]) => `${stage} ${p50_ms}`);
      say(`${fps_in} fps in, ${fps_out} out; ms p50: ${times.join(', ')}; ${eventsOf(runner)}`);
    },
    stopped(): void {
      console.log(`stopped; ${eventsOf(runner)}`);
    },
  };
}

function eventsOf({ books }: Runner): string {
  const dropped = Object.entries(books.dropped).map(([reason, count]) => `, ${count} dropped (${reason})`);
  return `events: ${books.emitted} emitted, ${books.written} written${dropped.join('')}`;
}
