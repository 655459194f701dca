/** Whether an event costs more where many GETs wait for something else. */
import { ours } from '../peers/ours.ts';
import { load, loadProgram } from '../src/load.ts';
import { start } from '../src/program.ts';
import { Core } from '../src/spawn.ts';
import type { Contender, Workload } from '../src/workload.ts';

const RATE = 1_000;

export default {
  name: 'growth-readers',
  about: `${RATE} events of 300 B a second to one reader, while so many GETs wait at the head of another channel`,
  baseline: '1 waiting',
  grows: 'GETs that wait',
  figures: { cpu: { unit: 'us of the server/event', better: 'lower' }, p50: { unit: 'us', better: 'lower' } },
  contenders: Object.fromEntries(
    [1, 100, 1_000, 8_000].map((count) => [`${count.toLocaleString('en')} waiting`, () => contender(count)]),
  ),
} satisfies Workload;

let round = 0;

async function contender(readers: number): Promise<Contender> {
  const { running, flags } = await ours();
  const args = ['wait', '--address', String(flags.address), '--readers', String(readers)];
  const waiting = await start(await loadProgram(), args, { core: Core.load });
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
      await waiting.stop();
      await running.stop();
    },
  };
}
