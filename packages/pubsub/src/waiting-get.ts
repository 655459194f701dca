/** A GET that may wait for hours, asked anew now and then: proxies cut silent connections, and dead ones look just the same. */
import { TrickleError, unlessAborted } from '@runnel/protocol';
import { abortError, childOf } from './abort.ts';
import type { Channel } from './connection.ts';
import type { Answer } from './transport.ts';

/** Resolves with the answer's head. Rejects TrickleError: `aborted` with `signal`, else what the transport says. */
export async function waitingGet(
  channel: Channel,
  part: number | string,
  signal: AbortSignal,
  { reAskMs, onReAsk }: { reAskMs: number; onReAsk: () => void },
): Promise<Answer> {
  for (;;) {
    if (signal.aborted) throw abortError(signal);
    const child = childOf(signal);
    let again = false;
    const stop = channel.clock.after(reAskMs, () => {
      again = true;
      child.abort(new TrickleError('aborted', 'Asked anew'));
    });
    const asked = channel.get(part, child.signal);
    try {
      return await unlessAborted(asked, child.signal);
    } catch (error) {
      // An answer that still comes, to a request that was given up, is let go.
      asked.then(
        (answer) => answer.cancel(),
        () => {},
      );
      if (!again || signal.aborted) throw error;
      onReAsk();
    } finally {
      stop();
      child.release();
    }
  }
}
