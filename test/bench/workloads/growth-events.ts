/** What a byte costs in events of different sizes. */
import { goLivepeer } from '../peers/go-livepeer.ts';
import { ours } from '../peers/ours.ts';
import type { Peer } from '../peers/peer.ts';
import { load } from '../src/load.ts';
import { atEachSize } from '../src/sizes.ts';
import type { Contender, Workload } from '../src/workload.ts';

const MIB = 1024 * 1024;
/** Small events come many to a chunk, as our publisher sends them. */
const CHUNK_BYTES = 64 * 1024;

export default {
  name: 'growth-events',
  about: 'events of so many bytes at full speed to one reader, those below 64 KiB many to a chunk',
  baseline: '100 B',
  grows: 'bytes of an event',
  figures: { cpu: { unit: 'us of the server/MiB', better: 'lower' }, rate: { unit: 'MiB/s', better: 'higher' } },
  contenders: atEachSize(
    {
      sizes: [100, 10_000, 1_000_000, 5 * MIB],
      unit: ['B', 'B'],
      peers: { runnel: ours, 'go-livepeer': goLivepeer },
    },
    contender,
  ),
} satisfies Workload;

let round = 0;

async function contender(peer: Peer, size: number): Promise<Contender> {
  const { running, flags } = await peer();
  const lines = Math.max(1, Math.floor(CHUNK_BYTES / size));
  return {
    async round({ seconds }) {
      const channel = `size-${process.pid}-${++round}`;
      const values = await load('stream', { ...flags, channel, size, lines, seconds, pid: running.pid });
      if (values.lost !== 0) throw new Error(`${values.lost} events did not arrive`);
      const { perSecond = 0, cpuPerDelivery = 0 } = values;
      return { cpu: (cpuPerDelivery / size) * MIB, rate: (perSecond * size) / MIB };
    },
    close: () => running.stop(),
  };
}
