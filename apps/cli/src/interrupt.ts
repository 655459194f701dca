/** What Ctrl-C and SIGTERM do: the first asks the command to stop, a later one does not wait until it has. */
import { type Clock, systemClock } from '@runnel/protocol';
import { Exit } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** A terminal sends Ctrl-C to npm and to us, and npm hands it on: what follows within this time is the same one. */
const SAME_SIGNAL_MS = 1_000;

/** What is needed of `process`. */
interface Signalled {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): unknown;
  readonly stderr: Terminal['stderr'];
}

/** A signal that aborts with the first of them. One that comes when stopping has taken a second exits with 130; a terminal is told so then. */
export function interruption(process: Signalled, clock: Clock = systemClock): AbortSignal {
  const interrupt = new AbortController();
  let atOnce = false;
  const onSignal = () => {
    if (atOnce) process.exit(Exit.interrupted);
    if (interrupt.signal.aborted) return;
    const arm = () => {
      atOnce = true;
      // In the place of the moving line.
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2Krunnel: still stopping; Ctrl-C again ends it at once\n');
    };
    // What came while stopping held the event loop is read before the next turn, and is the same one still.
    clock.after(SAME_SIGNAL_MS, () => setImmediate(arm));
    interrupt.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return interrupt.signal;
}
