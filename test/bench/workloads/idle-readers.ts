/** D: what a GET that waits costs the server in memory. */
import { trickling } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { waiting } from '../src/load.ts';
import { kibEach } from '../src/memory.ts';
import type { Contender, Workload } from '../src/workload.ts';

const READERS = 8_000;

export default {
  name: 'idle-readers',
  about: `resident memory of the server per GET, of ${READERS} that wait at the head of a channel`,
  baseline: 'runnel',
  anew: true,
  figures: { memory: { unit: 'KiB/waiting GET', better: 'lower' } },
  contenders: Object.fromEntries(Object.entries(trickling).map(([name, peer]) => [name, () => contender(peer)])),
} satisfies Workload;

function contender(peer: Peer): Contender {
  return {
    async round({ seconds }) {
      const count = Math.round(READERS * Math.min(1, seconds / 2));
      const memory = await kibEach(peer, {
        first: 500,
        count,
        fill: (served, from, count) => waiting(served, `idle-${from}`, count),
      });
      return { memory };
    },
  };
}
