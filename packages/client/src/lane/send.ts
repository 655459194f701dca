/** One call of a sink, and what came of it. Never rejects. */
import { type Clock, type Envelope, type Sink, SinkError } from '@runnel/protocol';
import type { Outcome } from './core.ts';

/** How long a sink may take for one batch before its signal aborts. */
const SEND_TIMEOUT_MS = 30_000;

export async function send(sink: Sink, batch: readonly Envelope[], clock: Clock, stop: AbortSignal): Promise<Outcome> {
  const giveUp = new AbortController();
  const stopped = () => giveUp.abort(stop.reason);
  if (stop.aborted) stopped();
  stop.addEventListener('abort', stopped, { once: true });
  const cancel = clock.after(SEND_TIMEOUT_MS, () => giveUp.abort(new Error('the sink took too long')));
  try {
    return { kind: 'answered', report: (await sink.send(batch, giveUp.signal)) ?? undefined };
  } catch (error) {
    return failure(error);
  } finally {
    cancel();
    stop.removeEventListener('abort', stopped);
  }
}

/** What nobody has foreseen may pass: it is tried again. */
function failure(error: unknown): Outcome {
  if (!(error instanceof SinkError)) return { kind: 'unavailable', reason: String(error) };
  const { kind, message: reason, retryAfterMs, status, response } = error;
  return { kind, reason, retryAfterMs, status, response };
}
