/** A worker thread that emits what its `workerData` asks for, and then ends as asked. */
import { parentPort, workerData } from 'node:worker_threads';
import { workerEmitter } from '@runnel/runner/worker';

const { link, name, count, end, buffer } = workerData;
const telemetry = workerEmitter(link, buffer === undefined ? {} : { buffer });
for (let n = 0; n < count; n++) {
  telemetry.emit(name, { n, text: `${name} ${n}` }, { correlationId: name });
  if (n % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
}
if (end === 'odd values') {
  telemetry.emit('function', { fn: () => {} });
  telemetry.emit('after');
}
if (end === 'hang') {
  // Emitted in the turn in which the thread is killed: nobody posts these.
  for (let n = 0; n < 10; n++) telemetry.emit('never posted');
  parentPort?.postMessage('hanging');
  for (;;);
}
