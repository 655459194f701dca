/** F, E7: a million emits in one turn of the loop. */
import { asked } from '../src/flood.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'emit-flood',
  about:
    'a million emits in one turn of the loop into a ring of 65,536; uncounted are those neither written nor counted as dropped',
  baseline: 'emit',
  figures: {
    each: { unit: 'ns', better: 'lower' },
    memory: { unit: 'MiB more', better: 'lower' },
    uncounted: { unit: 'events', better: 'lower' },
  },
  contenders: { emit: () => asked('flood') },
} satisfies Workload;
