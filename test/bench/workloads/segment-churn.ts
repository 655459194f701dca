/** E: one message is one segment. 8 channels, each publishing its next message when the one before it is acknowledged and read. */
import { trickling } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { load } from '../src/load.ts';
import type { Contender, Workload } from '../src/workload.ts';

export default {
  name: 'segment-churn',
  about: 'a message of 300 B a segment, 8 channels in closed loop; refused: 470 to the segment after the one just read',
  baseline: 'runnel',
  figures: {
    rate: { unit: 'segments/s', better: 'higher' },
    cpu: { unit: 'us of the server/segment', better: 'lower' },
    refused: { unit: 'answers of 470', better: 'lower' },
  },
  contenders: Object.fromEntries(Object.entries(trickling).map(([name, peer]) => [name, () => contender(peer)])),
} satisfies Workload;

let round = 0;

async function contender(peer: Peer): Promise<Contender> {
  const { running, flags } = await peer();
  return {
    async round({ seconds }) {
      const channel = `churn-${process.pid}-${++round}`;
      const {
        perSecond = 0,
        cpu = 0,
        refused = 0,
        stuck = 0,
      } = await load('churn', { ...flags, channel, seconds, pid: running.pid });
      if (stuck > 0) throw new Error(`${stuck} of 8 channels never passed a message`);
      return { rate: perSecond, cpu, refused };
    },
    close: () => running.stop(),
  };
}
