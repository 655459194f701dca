/** H: whether an event costs more where there are many channels. */
import { goLivepeer } from '../peers/go-livepeer.ts';
import { ours } from '../peers/ours.ts';
import type { Peer } from '../peers/peer.ts';
import { load } from '../src/load.ts';
import { atEachSize } from '../src/sizes.ts';
import type { Contender, Workload } from '../src/workload.ts';

const RATE = 1_000;

export default {
  name: 'growth-channels',
  about: `${RATE} events of 300 B a second, each a segment on the next of so many channels, published and read`,
  baseline: '1 channel',
  grows: 'channels',
  figures: { cpu: { unit: 'us of the server/event', better: 'lower' }, rate: { unit: 'events/s', better: 'higher' } },
  contenders: atEachSize(
    {
      sizes: [1, 1_000, 10_000, 50_000],
      unit: ['channel', 'channels'],
      peers: { runnel: ours, 'go-livepeer': goLivepeer },
    },
    contender,
  ),
} satisfies Workload;

async function contender(peer: Peer, count: number): Promise<Contender> {
  const { running, flags } = await peer();
  await load('channels', { ...flags, count });
  let written = 0;
  return {
    async round({ seconds }) {
      const { perSecond = 0, cpu = 0 } = await load('spread', {
        ...flags,
        count,
        rate: RATE,
        seconds,
        written,
        pid: running.pid,
      });
      written += Math.trunc(RATE * seconds);
      return { cpu, rate: perSecond };
    },
    close: () => running.stop(),
  };
}
