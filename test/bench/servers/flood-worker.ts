/** The worker thread of servers/flood.ts: batches of emits, timed, with a turn of the loop between them. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { workerEmitter } from '@runnel/runner/worker';
import { BATCH, heartbeat } from '../emitters/emitter.ts';

const emitter = workerEmitter(workerData.link, { buffer: 65_536 });
const usPerCall: number[] = [];
for (const end = performance.now() + workerData.seconds * 1000; performance.now() < end; ) {
  const began = process.hrtime.bigint();
  for (let n = 0; n < BATCH; n++) emitter.emit('stream_heartbeat', heartbeat(n));
  // The turn in which the batch is posted is the worker's time as well.
  await nextTurn();
  usPerCall.push(Number(process.hrtime.bigint() - began) / 1000 / BATCH);
  // Time for the runner to take them: what is dropped costs less than what is posted.
  await sleep(1);
}
const emitted = usPerCall.length * BATCH;
usPerCall.sort((a, b) => a - b);
const at = (share: number) => usPerCall[Math.floor((usPerCall.length - 1) * share)];
parentPort?.postMessage({ p50: at(0.5), p99: at(0.99), emitted });
