/** The control channel, read for as long as the runner lives. PROTOCOL.md section 8.2. */
import { pause, systemClock } from '@runnel/protocol';
import { type Connection, readJsonl } from '@runnel/pubsub';

const AGAIN_MS = 1_000;

/**
 * Hands every message of the channel at `url` to `dispatch`, once, until `connection.signal` aborts. It begins with the segment being
 * written: a client that was there first may have asked already. A channel that is not there yet is waited for, and when it ends, so is its
 * next life, which is read from its beginning.
 */
export async function followControl(
  url: string,
  connection: Connection & { readonly signal: AbortSignal },
  dispatch: (message: Record<string, unknown>) => void,
): Promise<void> {
  const { clock = systemClock, signal } = connection;
  let from: 'current' | number = 'current';
  let last: Place | undefined;
  while (!signal.aborted) {
    const reader = readJsonl(url, { ...connection, from, waitForChannel: true, retries: Number.POSITIVE_INFINITY });
    const read = last;
    for await (const lines of reader) {
      for (const { value, seq, epoch } of lines) {
        if (isRepeated({ seq, epoch }, read)) continue;
        last = { seq, epoch };
        dispatch(value);
      }
    }
    // A channel that lingers is found ended again, and its segments once more.
    from = 0;
    await pause(clock, AGAIN_MS, signal, { keepAlive: true });
  }
}

interface Place {
  readonly seq: number;
  readonly epoch: string | undefined;
}

function isRepeated({ seq, epoch }: Place, last: Place | undefined): boolean {
  return last?.epoch !== undefined && epoch === last.epoch && seq <= last.seq;
}
