/** D: what a GET that waits costs the server in memory. */
import { trickling } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { loadProgram } from '../src/load.ts';
import { settledRss } from '../src/memory.ts';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import type { Contender, Workload } from '../src/workload.ts';

const READERS = 8_000;

export default {
  name: 'idle-readers',
  about: `resident memory of the server per GET, of ${READERS} that wait at the head of a channel`,
  baseline: 'runnel',
  figures: { memory: { unit: 'KiB/waiting GET', better: 'lower' } },
  contenders: Object.fromEntries(Object.entries(trickling).map(([name, peer]) => [name, () => contender(peer)])),
} satisfies Workload;

/** A server of its own for each round: what a heap has once grown to it keeps. */
function contender(peer: Peer): Contender {
  return {
    async round({ seconds }) {
      const readers = Math.round(READERS * Math.min(1, seconds / 2));
      const { running, flags } = await peer();
      try {
        const before = await settledRss(running);
        const args = ['wait', '--address', String(flags.address), '--readers', String(readers)];
        const waiting = await start(await loadProgram(), args, { core: Core.load });
        const after = await settledRss(running);
        await waiting.stop();
        return { memory: (after - before) / 1024 / readers };
      } finally {
        await running.stop();
      }
    },
  };
}
