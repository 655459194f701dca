/** B300x64: events of 300 B at full speed to one reader, 64 to an HTTP chunk as our publisher sends them; brokers still get a message for each. */
import { streamingBut } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'throughput-300x64',
  about:
    'events of 300 B at full speed to one reader, 64 to an HTTP chunk as our publisher sends them; brokers still get a message for each',
  baseline: 'runnel',
  figures: {
    rate: { unit: 'deliveries/s', better: 'higher' },
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    generator,
  },
  contenders: onEach(streamingBut('Redis pub/sub', 'naive SSE'), { lines: 64 }),
} satisfies Workload;
