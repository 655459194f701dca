/** Loops that must not die in silence: what they raise becomes an `error` event. EGRESS 1.20. */
import { TrickleError } from '@runnel/protocol';
import { textOf } from './text.ts';

/** The loops of a runner that move media. */
export type MediaLoop = 'media_input' | 'media_output' | 'media_audio_output';

/**
 * Runs `fn` until it ends. If it throws, one `error` event goes out and the promise rejects with what was thrown, so that the caller decides
 * whether the loop is started again. A loop that ends because `signal` aborted, or by an abort of the caller's own, is no failure: nothing
 * is emitted and the promise resolves.
 */
export async function guardLoop(
  loop: MediaLoop,
  fn: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  emit: (type: string, data: object) => void,
): Promise<void> {
  try {
    await fn(signal);
  } catch (error) {
    if (signal.aborted || isCancellation(error)) return;
    emit('error', { error: { error_type: `${loop}_loop_failed`, ...describeError(error) } });
    throw error;
  }
}

/** What an `error` event says of something thrown, whatever it is. Never throws. */
export function describeError(error: unknown): { exception_type: string; message: string } {
  if (error instanceof Error) return { exception_type: error.name, message: error.message };
  return { exception_type: typeof error, message: textOf(error) };
}

function isCancellation(error: unknown): boolean {
  if (error instanceof TrickleError) return error.code === 'aborted';
  return error instanceof Error && error.name === 'AbortError';
}
