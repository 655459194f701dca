/** C100: 1,000 events of 300 B a second to 100 readers. */
import { streamingBut } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'fan-out-100',
  about: '1,000 events of 300 B a second to 100 readers',
  baseline: 'runnel',
  figures: {
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    p50: { unit: 'us', better: 'lower' },
    p99: { unit: 'us', better: 'lower' },
    rate: { unit: 'deliveries/s', better: 'higher' },
    generator,
  },
  contenders: onEach(streamingBut('runnel, fast ingest', 'nats JetStream', 'naive SSE'), { readers: 100, rate: 1_000 }),
} satisfies Workload;
