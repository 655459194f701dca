/** F, E6: what the drain does to the loop it shares. */
import { asked } from '../src/flood.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'emit-drain',
  about:
    'the longest that 10,000 queued events hold the loop while they drain, with and without the garbage collected meanwhile, and the p99 jitter that 1,000 events a second add to a loop of 60 frames a second',
  baseline: 'emit',
  figures: {
    hold: { unit: 'ms', better: 'lower' },
    alone: { unit: 'ms without garbage collection', better: 'lower' },
    jitter: { unit: 'ms more', better: 'lower' },
  },
  contenders: { emit: () => asked('drain') },
} satisfies Workload;
