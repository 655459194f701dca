/** F, E4: emit from a worker thread. */
import { asked } from '../src/flood.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'emit-worker',
  about:
    'emit in a worker thread, the posting to the runner included; uncounted are events that the runner knows nothing of',
  baseline: 'emit from a worker',
  figures: {
    p50: { unit: 'us/call', better: 'lower' },
    p99: { unit: 'us/call', better: 'lower' },
    uncounted: { unit: 'events', better: 'lower' },
  },
  contenders: { 'emit from a worker': () => asked('worker') },
} satisfies Workload;
