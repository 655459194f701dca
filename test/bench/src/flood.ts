/** A contender that asks servers/flood.ts one question a round. */
import { fileURLToPath } from 'node:url';
import { start } from './program.ts';
import type { Contender } from './workload.ts';

const program = fileURLToPath(new URL('../servers/flood.ts', import.meta.url));

/** Not pinned: the worker thread has the other core. */
export async function asked(question: 'flood' | 'drain' | 'worker'): Promise<Contender> {
  const running = await start(process.execPath, ['--conditions=source', '--expose-gc', program]);
  return {
    async round({ seconds }) {
      running.tell(`${question} ${seconds}`);
      return JSON.parse(await running.heard());
    },
    close: () => running.stop(),
  };
}
