/** A process for what emit does to the loop that it is called from: a line on its stdin names the question, the answer is a line. */
import { once } from 'node:events';
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { heartbeat } from '../emitters/emitter.ts';
import { runnerWith } from '../emitters/runnel.ts';

const FLOOD = 1_000_000;
const QUEUED = 10_000;
const FRAME_MS = 1000 / 60;

const questions: Record<string, (seconds: number) => Promise<object>> = {
  /** A million emits in one turn into a ring of 65,536. */
  async flood() {
    const runner = runnerWith({ buffer: 65_536 });
    const data = heartbeat(1);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const began = process.hrtime.bigint();
    for (let n = 0; n < FLOOD; n++) runner.emit('stream_heartbeat', data);
    const each = Number(process.hrtime.bigint() - began) / FLOOD;
    const memory = (process.memoryUsage().rss - before) / 1024 / 1024;
    const { emitted, written, dropped } = await runner.close();
    const counted = written + Object.values(dropped).reduce((sum, count) => sum + count, 0);
    return { each, memory, uncounted: Math.abs(FLOOD - emitted) + Math.abs(emitted - counted) };
  },
  /** The longest that the loop is held while 10,000 events drain; and how much later the frames of a 60 fps loop come at 1,000 events a second. */
  async drain(seconds) {
    const quiet = await jitter(seconds / 2, () => {});
    const runner = runnerWith({ buffer: QUEUED });
    const busy = await jitter(seconds / 2, () => runner.emit('stream_heartbeat', heartbeat(1)));
    for (let n = 0; n < QUEUED; n++) runner.emit('stream_heartbeat', heartbeat(n));
    const turns: { began: number; took: number }[] = [];
    const collections: PerformanceEntry[] = [];
    const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
    observer.observe({ entryTypes: ['gc'] });
    for (let began = performance.now(); runner.books.pending > 0; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      turns.push({ began, took: now - began });
      began = now;
    }
    await runner.close();
    // Entries come a turn after what they tell of.
    await sleep(10);
    observer.disconnect();
    const alone = ({ began, took }: { began: number; took: number }) =>
      collections
        .filter(({ startTime }) => startTime >= began && startTime < began + took)
        .reduce((left, { duration }) => left - duration, took);
    const hold = Math.max(...turns.map(({ took }) => took));
    return { hold, alone: Math.max(...turns.map(alone)), jitter: busy - quiet };
  },
  /** Emits in a worker thread, timed there. */
  async worker(seconds) {
    const runner = runnerWith({ buffer: 65_536 });
    const link = runner.workerLink();
    const worker = new Worker(new URL('flood-worker.ts', import.meta.url), {
      workerData: { link, seconds },
      transferList: [link.port],
    });
    const { promise, resolve, reject } = Promise.withResolvers<{ p50: number; p99: number; emitted: number }>();
    worker.once('message', resolve).once('error', reject);
    // Listened to from here on: on a busy machine it comes right behind the message.
    const exited = once(worker, 'exit');
    const { emitted: told, ...times } = await promise;
    await exited;
    const { emitted, written, dropped } = await runner.close();
    const counted = written + Object.values(dropped).reduce((sum, count) => sum + count, 0);
    return { ...times, uncounted: Math.abs(told - emitted) + Math.abs(emitted - counted) };
  },
};

/** The 99th percentile of how late the frames of a 60 fps loop come, in milliseconds, with something done a thousand times a second. */
async function jitter(seconds: number, task: () => void): Promise<number> {
  const late: number[] = [];
  const ticking = setInterval(task, 1);
  for (let due = performance.now() + FRAME_MS, end = due + seconds * 1000; due < end; due += FRAME_MS) {
    await sleep(Math.max(0, due - performance.now()));
    late.push(Math.max(0, performance.now() - due));
  }
  clearInterval(ticking);
  return late.sort((a, b) => a - b)[Math.floor((late.length - 1) * 0.99)] ?? Number.NaN;
}

console.log(JSON.stringify({ ready: 'flood' }));
createInterface({ input: process.stdin }).on('line', async (line) => {
  const [question = '', seconds] = line.split(' ');
  console.log(JSON.stringify(await questions[question]?.(Number(seconds))));
});
process.once('SIGTERM', () => process.exit(0));
