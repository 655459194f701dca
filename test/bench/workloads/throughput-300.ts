/** B300: events of 300 B at full speed to one reader, an HTTP chunk or a message for each. */
import { streaming } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'throughput-300',
  about: 'events of 300 B at full speed to one reader, an HTTP chunk or a message for each',
  baseline: 'runnel',
  figures: {
    rate: { unit: 'deliveries/s', better: 'higher' },
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    generator,
  },
  contenders: onEach(streaming, {}),
} satisfies Workload;
