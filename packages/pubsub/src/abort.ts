/** What AbortSignals need beyond the platform. */
import { TrickleError } from '@runnel/protocol';

/** A controller that aborts with `parent`, if there is one, until released: a listener for each request of a long life would pile up. */
export function childOf(parent?: AbortSignal): {
  signal: AbortSignal;
  abort(reason: TrickleError): void;
  release(): void;
} {
  const controller = new AbortController();
  const follow = () => parent && controller.abort(abortError(parent));
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent?.removeEventListener('abort', follow),
  };
}

/** Why `signal` was aborted, as a TrickleError. */
export function abortError(signal: AbortSignal): TrickleError {
  const reason: unknown = signal.reason;
  return reason instanceof TrickleError ? reason : new TrickleError('aborted', 'Aborted', { cause: reason });
}
