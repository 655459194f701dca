import type { Readable, Writable } from 'node:stream';
import { TrickleError } from '@runnel/protocol';

/** Where a command reads and writes, and what interrupts it. Handed in, so that a test can be the terminal. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Progress is drawn only when `isTTY` is true; the line of counts at the end is written always. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Writes to a stream and resolves when it has taken the bytes, so that a slow reader slows the command. Rejects if the stream broke (EPIPE). */
export function put(stream: Writable, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** The chunks of a stream up to its end or the signal, whichever is first; the signal destroys the stream and is no error. */
export async function* until(input: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const stop = () => input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (!signal.aborted) for await (const chunk of input) yield chunk;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What a command throws when it was interrupted: nothing is said, and the exit code is 130. */
export const interrupted = () => new TrickleError('aborted', 'Interrupted.');
