/**
 * The runners' process, one for each session: emits envelopes of 300 B as it is told, a line of `{"rate","seconds"}` or `{"events"}` each time; the latter as fast as the ring of
 * 65,536 is drained, so that nothing is dropped. Answers with what it has emitted once all of it is written.
 */
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createRunner } from '@runnel/runner';

type Order = { readonly rate: number; readonly seconds: number } | { readonly events: number };

const RING = 65_536;
const PER_TURN = 512;
const { url, sessions }: { url: string; sessions: string[] } = JSON.parse(process.env.RUNNER ?? '{}');
const runners = sessions.map((session) => createRunner({ url, session, buffer: RING }));
/** To look at thousands of runners' books every millisecond would be most of the work. */
const LOOK_MS = 1 + sessions.length / 50;
/** Fills the envelope up to 300 B. */
const note = 'x'.repeat(Number(process.env.NOTE_BYTES ?? 130));
const total = (book: 'written' | 'pending') => runners.reduce((sum, { books }) => sum + books[book], 0);
const pending = () => total('pending');

let turn = 0;
const emit = () => {
  const t = process.hrtime.bigint().toString(16).padStart(16, '0');
  runners[turn++ % runners.length]?.emit('stream_trace', { t, stage: 'denoise', fps_in: 29.97, fps_out: 29.94, note });
};

async function flood(events: number): Promise<number> {
  for (let emitted = 0; emitted < events; await nextTurn()) {
    const room = Math.min(RING / 2 - pending(), PER_TURN, events - emitted);
    for (let each = 0; each < room; each++, emitted++) emit();
  }
  return events;
}

async function paced(rate: number, seconds: number): Promise<number> {
  const began = performance.now();
  const all = Math.round(rate * seconds);
  let emitted = 0;
  while (emitted < all) {
    const due = Math.min(all, Math.floor(((performance.now() - began) * rate) / 1000));
    for (; emitted < due; emitted++) emit();
    await sleep(1);
  }
  return emitted;
}

async function obey(order: Order): Promise<object> {
  const before = total('written');
  const emitted = 'rate' in order ? await paced(order.rate, order.seconds) : await flood(order.events);
  while (pending() > 0) await sleep(LOOK_MS);
  return { emitted, dropped: emitted - (total('written') - before) };
}

console.log(JSON.stringify({ ready: 'runner' }));
createInterface({ input: process.stdin }).on('line', async (line) =>
  console.log(JSON.stringify(await obey(JSON.parse(line)))),
);
process.once('SIGTERM', () => {
  void Promise.all(runners.map((runner) => runner.close({ deadlineMs: 500 }))).finally(() => process.exit(0));
});
