/** B64k: events of 64 KiB at full speed to one reader. */
import { streamingBut } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'throughput-64k',
  about: 'events of 64 KiB at full speed to one reader',
  baseline: 'runnel',
  figures: {
    rate: { unit: 'deliveries/s', better: 'higher' },
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    generator,
  },
  contenders: onEach(streamingBut('Redis streams', 'naive SSE'), { size: 65_536 }),
} satisfies Workload;
