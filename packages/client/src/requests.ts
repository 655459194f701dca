/** Requests to the runner that wait for their answer. PROTOCOL.md sections 8.1 and 8.2. */
import { type Clock, type EventMessage, TrickleError } from '@runnel/protocol';

/** Most requests of a session that wait at one time. */
const MOST_WAITING = 1024;

interface Waiting {
  resolve(message: EventMessage): void;
  reject(error: TrickleError): void;
}

export class Requests {
  readonly #clock: Clock;
  #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the answer to request `id`. Rejects with `refused` when the runner answers with an error, `gave_up` after `timeoutMs`, `aborted` when the session closes. */
  answer(id: string, timeoutMs: number): Promise<EventMessage> {
    if (this.#waiting.size >= MOST_WAITING)
      throw new TrickleError('refused', `${MOST_WAITING} requests are waiting already`);
    const { promise, resolve, reject } = Promise.withResolvers<EventMessage>();
    const cancel = this.#clock.after(timeoutMs, () =>
      this.#waiting.get(id)?.reject(new TrickleError('gave_up', `no answer to request ${id} within ${timeoutMs} ms`)),
    );
    this.#waiting.set(id, { resolve, reject });
    return promise.finally(() => {
      cancel();
      this.#waiting.delete(id);
    });
  }

  /** A message came: if it answers a request, that request is done. A pong answers pings, not requests. */
  settle(message: EventMessage): void {
    if (message.type === 'pong' || !('request_id' in message) || typeof message.request_id !== 'string') return;
    const waiting = this.#waiting.get(message.request_id);
    if (message.type === 'error') waiting?.reject(new TrickleError('refused', reason(message)));
    else waiting?.resolve(message);
  }

  /** Nobody will answer any more. */
  abort(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new TrickleError('aborted', 'the session was closed'));
  }

  get waiting(): number {
    return this.#waiting.size;
  }
}

function reason({ error, message }: { error?: unknown; message?: unknown }): string {
  const said = error ?? message ?? 'the runner gave no reason';
  return typeof said === 'string' ? said : JSON.stringify(said);
}
