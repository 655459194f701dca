/** D: what a channel that nobody uses costs the server in memory. */
import { trickling } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { load } from '../src/load.ts';
import { kibEach } from '../src/memory.ts';
import type { Contender, Workload } from '../src/workload.ts';

const CHANNELS = 50_000;
const { 'naive node:http': _, ...withChannels } = trickling;

export default {
  name: 'idle-channels',
  about: `resident memory of the server per channel, of ${CHANNELS} that were made and are idle`,
  baseline: 'runnel',
  anew: true,
  figures: { memory: { unit: 'KiB/channel', better: 'lower' } },
  contenders: Object.fromEntries(Object.entries(withChannels).map(([name, peer]) => [name, () => contender(peer)])),
} satisfies Workload;

function contender(peer: Peer): Contender {
  return {
    async round({ seconds }) {
      const count = Math.round(CHANNELS * Math.min(1, seconds / 2));
      const memory = await kibEach(peer, {
        first: 1_000,
        count,
        fill: ({ flags }, from, count) => load('channels', { ...flags, from, count }),
      });
      return { memory };
    },
  };
}
