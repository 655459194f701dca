/**
 * The runners' process, one for each session: emits envelopes of 300 B as it is told, a line of `{"rate","seconds"}` or `{"events"}` each time; without a rate as fast as the ring of
 * 65,536 is drained, so that nothing is dropped. Answers with what it has emitted once all of it is written.
 */
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createRunner } from '@runnel/runner';

interface Order {
  /** Events a second; 0: full speed. */
  readonly rate?: number;
  readonly seconds?: number;
  /** Instead of seconds: how many. */
  readonly events?: number;
}

const RING = 65_536;
const PER_TURN = 512;
const { url, sessions }: { url: string; sessions: string[] } = JSON.parse(process.env.RUNNER ?? '{}');
const runners = sessions.map((session) => createRunner({ url, session, buffer: RING }));
/** Fills the envelope up to 300 B. */
const note = 'x'.repeat(Number(process.env.NOTE_BYTES ?? 130));
const total = (book: 'emitted' | 'written' | 'pending') => runners.reduce((sum, { books }) => sum + books[book], 0);
const pending = () => total('pending');

let turn = 0;
const emit = () => {
  const t = process.hrtime.bigint().toString(16).padStart(16, '0');
  runners[turn++ % runners.length]?.emit('stream_trace', { t, stage: 'denoise', fps_in: 29.97, fps_out: 29.94, note });
};

async function flood(until: () => boolean): Promise<number> {
  let emitted = 0;
  while (!until()) {
    for (let room = Math.min(RING / 2 - pending(), PER_TURN); room > 0; room--, emitted++) emit();
    await nextTurn();
  }
  return emitted;
}

async function paced(rate: number, seconds: number): Promise<number> {
  const began = performance.now();
  let emitted = 0;
  for (let now = began; now - began < seconds * 1000; now = performance.now()) {
    const due = Math.floor(((now - began) * rate) / 1000);
    for (; emitted < due; emitted++) emit();
    await sleep(1);
  }
  return emitted;
}

async function obey({ rate = 0, seconds = 0, events }: Order): Promise<object> {
  const before = { emitted: total('emitted'), written: total('written') };
  const end = performance.now() + seconds * 1000;
  const done =
    events === undefined ? () => performance.now() >= end : () => total('emitted') - before.emitted >= events;
  const emitted = rate > 0 ? await paced(rate, seconds) : await flood(done);
  while (pending() > 0) await sleep(1);
  return { emitted, dropped: emitted - (total('written') - before.written) };
}

console.log(JSON.stringify({ ready: 'runner' }));
createInterface({ input: process.stdin }).on('line', async (line) =>
  console.log(JSON.stringify(await obey(JSON.parse(line)))),
);
process.once('SIGTERM', () => {
  void Promise.all(runners.map((runner) => runner.close({ deadlineMs: 500 }))).finally(() => process.exit(0));
});
