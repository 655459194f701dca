/** Whether an event costs more where many GETs wait for something else. */
import { goLivepeer } from '../peers/go-livepeer.ts';
import { ours } from '../peers/ours.ts';
import type { Peer } from '../peers/peer.ts';
import { load, waiting } from '../src/load.ts';
import { atEachSize } from '../src/sizes.ts';
import type { Contender, Workload } from '../src/workload.ts';

const RATE = 1_000;

export default {
  name: 'growth-readers',
  about: `${RATE} events of 300 B a second to one reader, while so many GETs wait at the head of another channel`,
  baseline: '1 waiting',
  grows: 'GETs that wait',
  figures: { cpu: { unit: 'us of the server/event', better: 'lower' }, p50: { unit: 'us', better: 'lower' } },
  contenders: atEachSize(
    {
      sizes: [1, 1_000, 8_000],
      unit: ['waiting', 'waiting'],
      peers: { runnel: ours, 'go-livepeer': goLivepeer },
    },
    contender,
  ),
} satisfies Workload;

let round = 0;

async function contender(peer: Peer, readers: number): Promise<Contender> {
  const served = await peer();
  const { running, flags } = served;
  const idle = await waiting(served, 'idle', readers);
  return {
    async round({ seconds }) {
      const channel = `beside-${process.pid}-${++round}`;
      const { cpuPerDelivery = 0, p50 = 0 } = await load('stream', {
        ...flags,
        channel,
        rate: RATE,
        seconds,
        pid: running.pid,
      });
      return { cpu: cpuPerDelivery, p50 };
    },
    async close() {
      await idle.stop();
      await running.stop();
    },
  };
}
