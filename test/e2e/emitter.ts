/** A runner that does nothing but emit, at an even rate: `emitter.ts URL SESSION COUNT PER_SECOND`. Prints its books when it has closed. */
import { createRunner } from '@runnel/runner';

const [url = '', session = '', count = '0', perSecond = '1000'] = process.argv.slice(2);
const total = Number(count);
// On a busy machine the process may be stopped for a moment and then catches up; what is tested is the loop, not that nothing is ever dropped.
const runner = createRunner({ url, session, buffer: 4096 });

const began = performance.now();
let emitted = 0;
let closing = false;
// It goes on until the runner has closed: the runner's own timers keep no process alive.
const timer = setInterval(emitDue, 5);

function emitDue(): void {
  const due = Math.min(total, Math.floor(((performance.now() - began) * Number(perSecond)) / 1000));
  while (emitted < due) runner.emit('tick', { n: ++emitted });
  if (emitted < total || closing) return;
  closing = true;
  void finish();
}

async function finish(): Promise<void> {
  console.log(JSON.stringify(await runner.close({ deadlineMs: 10_000 })));
  clearInterval(timer);
}
