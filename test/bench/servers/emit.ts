/** A process that measures one emitter, `file#name` of emitters/: a line on its stdin is a round. */
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BATCH, type Emitter, heartbeat } from '../emitters/emitter.ts';

const BATCHES = 1_500;
const [file, name] = (process.argv[2] ?? '').split('#');
const module = await import(new URL(`../emitters/${file}.ts`, import.meta.url).href);
const emitter: Emitter = module[name ?? ''](process.env);
const drained = async () => {
  await nextTurn();
  await emitter.drained?.();
};

/** Batches of calls with a pause between two of them, which is timed as processor time alone. */
async function round(batches: number) {
  await drained();
  const nsPerCall: number[] = [];
  const before = process.cpuUsage();
  for (let batch = 0; batch < batches; batch++) {
    const began = process.hrtime.bigint();
    for (let n = 0; n < BATCH; n++) emitter.call(heartbeat(n));
    nsPerCall.push(Number(process.hrtime.bigint() - began) / BATCH);
    await drained();
  }
  const { user, system } = process.cpuUsage(before);
  nsPerCall.sort((a, b) => a - b);
  const at = (share: number) => nsPerCall[Math.floor((nsPerCall.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), cpu: (user + system) / (batches * BATCH), allocated: await allocated() };
}

/** Bytes on the heap per call, of an event that was there before: the median of batches in which nothing was collected. */
async function allocated(): Promise<number> {
  const data = heartbeat(1);
  const sizes: number[] = [];
  for (let batch = 0; batch < 21; batch++) {
    await drained();
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < BATCH; n++) emitter.call(data);
    sizes.push((process.memoryUsage().heapUsed - before) / BATCH);
  }
  return Math.max(0, sizes.sort((a, b) => a - b)[10] ?? Number.NaN);
}

console.log(JSON.stringify({ ready: name }));
createInterface({ input: process.stdin }).on('line', async (line) => {
  console.log(JSON.stringify(await round(Number(line) || BATCHES)));
});
process.once('SIGTERM', async () => {
  await emitter.close?.();
  process.exit(0);
});
