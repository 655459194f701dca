/** The control channel, read for as long as the runner lives. PROTOCOL.md section 8.2. */
import { pause, systemClock } from '@runnel/protocol';
import { type Connection, readJsonl } from '@runnel/pubsub';

const AGAIN_MS = 1_000;

/**
 * Hands every message of the channel at `url` to `dispatch`, until `connection.signal` aborts. It begins with the segment being written: a client that was there first may
 * have asked already. A channel that is not there yet is waited for; when it ends, its next life is read from the beginning and the old one is not read again.
 */
export async function followControl(
  url: string,
  connection: Connection & { readonly signal: AbortSignal },
  dispatch: (message: Record<string, unknown>) => void,
): Promise<void> {
  const { clock = systemClock, signal } = connection;
  let from: { from: number; epoch?: string } | undefined;
  while (!signal.aborted) {
    const reader = readJsonl(url, { ...connection, ...from, waitForChannel: true, retries: Number.POSITIVE_INFINITY });
    for await (const lines of reader) {
      for (const { value, seq, epoch } of lines) {
        from = { from: seq + 1, ...(epoch === undefined ? {} : { epoch }) };
        dispatch(value);
      }
    }
    await pause(clock, AGAIN_MS, signal);
  }
}
