/** C1000: 1,000 events of 300 B a second to 1,000 readers, a million deliveries a second. */
import { streamingBut } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

/** The naive servers are not asked: they carry a tenth of this, and would be at work on what is left while others are measured. */
export default {
  name: 'fan-out-1000',
  about: '1,000 events of 300 B a second to 1,000 readers, a million deliveries a second',
  baseline: 'runnel',
  figures: {
    rate: { unit: 'deliveries/s', better: 'higher' },
    p50: { unit: 'us', better: 'lower' },
    p99: { unit: 'us', better: 'lower' },
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    generator,
  },
  contenders: onEach(streamingBut('runnel, fast ingest', 'nats JetStream', 'naive node:http', 'naive SSE'), {
    readers: 1_000,
    rate: 1_000,
  }),
} satisfies Workload;
