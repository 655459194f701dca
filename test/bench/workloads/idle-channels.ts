/** D: what a channel that nobody uses costs the server in memory. */
import { trickling } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { load } from '../src/load.ts';
import { settledRss } from '../src/memory.ts';
import type { Contender, Workload } from '../src/workload.ts';

const CHANNELS = 50_000;
const { 'naive node:http': _, ...withChannels } = trickling;

export default {
  name: 'idle-channels',
  about: `resident memory of the server per channel, of ${CHANNELS} that were made and are idle`,
  baseline: 'runnel',
  figures: { memory: { unit: 'KiB/channel', better: 'lower' } },
  contenders: Object.fromEntries(Object.entries(withChannels).map(([name, peer]) => [name, () => contender(peer)])),
} satisfies Workload;

function contender(peer: Peer): Contender {
  return {
    async round({ seconds }) {
      const count = Math.round(CHANNELS * Math.min(1, seconds / 2));
      const { running, flags } = await peer();
      try {
        // The first thousand make the server's code hot, and the heap as large as requests make it.
        await load('channels', { ...flags, count: 1_000 });
        const before = await settledRss(running);
        await load('channels', { ...flags, from: 1_000, count });
        return { memory: ((await settledRss(running)) - before) / 1024 / count };
      } finally {
        await running.stop();
      }
    },
  };
}
