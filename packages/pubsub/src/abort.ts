/** What AbortSignals need beyond the platform. */
import { TrickleError } from '@runnel/protocol';

/** A controller that aborts with `parent`, if there is one, until released: a listener for each request of a long life would pile up. */
export function childOf(parent?: AbortSignal): {
  signal: AbortSignal;
  abort(reason?: unknown): void;
  release(): void;
} {
  const controller = new AbortController();
  const follow = () => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent?.removeEventListener('abort', follow),
  };
}

/** `promise`, or a rejection as soon as `signal` aborts, whatever `promise` makes of it. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Why `signal` was aborted, as a TrickleError. */
export function abortError(signal: AbortSignal): TrickleError {
  const reason: unknown = signal.reason;
  return reason instanceof TrickleError ? reason : new TrickleError('aborted', 'Aborted', { cause: reason });
}
