/** One webhook to one receiver: attempts, pauses, and when to stop. EGRESS 3.21. */
import {
  type Clock,
  type Envelope,
  pause,
  type SendReport,
  type Sink,
  SinkError,
  unlessAborted,
} from '@runnel/protocol';

const FIRST_PAUSE_MS = 1000;
/** The longest pause, asked for or not. */
const MOST_PAUSE_MS = 30_000;
/** How long one webhook may take, attempts and pauses together. */
const DEADLINE_MS = 60_000;

/** Resolves when the receiver has it; rejects with the last reason when it is refused, 60 s have passed, or `signal` aborts. Asks `attempt` for each try. */
export async function deliver(
  envelope: Envelope,
  attempt: (send: (sink: Sink) => Promise<void>) => Promise<void>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const late = new AbortController();
  const cancel = clock.after(DEADLINE_MS, () => {
    late.abort(new SinkError('unavailable', `not delivered within ${DEADLINE_MS / 1000} s`));
  });
  const over = AbortSignal.any([signal, late.signal]);
  try {
    for (let failures = 0; ; failures++) {
      try {
        // A sink should give up by itself; one that does not must not hold the queue.
        return await attempt((sink) => unlessAborted(sendOne(sink, envelope, over), over));
      } catch (error) {
        if (over.aborted || isFinal(error)) throw error;
        await pause(clock, pauseMs(error, failures), over);
        if (over.aborted) throw error;
      }
    }
  } finally {
    cancel();
  }
}

/** Rejects for an envelope that was not acknowledged, in whatever way the sink says so. */
async function sendOne(sink: Sink, envelope: Envelope, signal: AbortSignal): Promise<void> {
  const { refused = [], retry = [], unnamed }: SendReport = (await sink.send([envelope], signal)) ?? {};
  const reason = refused[0]?.reason ?? unnamed?.reason;
  if (reason !== undefined) throw new SinkError('refused', reason);
  if (retry.length > 0) throw new SinkError('unavailable', 'not taken this time');
}

/** A sink that does not know better is tried again; one that says no is believed. */
function isFinal(error: unknown): boolean {
  return error instanceof SinkError && error.kind !== 'unavailable' && error.kind !== 'throttled';
}

function pauseMs(error: unknown, failures: number): number {
  const asked = error instanceof SinkError ? error.retryAfterMs : undefined;
  return Math.min(asked ?? FIRST_PAUSE_MS * 2 ** failures, MOST_PAUSE_MS);
}
