/** A: 1,000 events of 300 B a second to one reader: how old an event is when it arrives. */
import { streamingBut } from '../peers/index.ts';
import { generator, onEach } from '../src/stream.ts';
import type { Workload } from '../src/workload.ts';

export default {
  name: 'latency',
  about: '1,000 events of 300 B a second to one reader: how old an event is when it arrives',
  baseline: 'runnel',
  figures: {
    p50: { unit: 'us', better: 'lower' },
    p99: { unit: 'us', better: 'lower' },
    cpu: { unit: 'us of the server/delivery', better: 'lower' },
    generator,
  },
  contenders: onEach(streamingBut('naive SSE'), { rate: 1_000 }),
} satisfies Workload;
