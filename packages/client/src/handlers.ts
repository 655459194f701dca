/** Who wants which messages of a session. */
import type { EventMessage } from '@runnel/protocol';

export type MessageType = EventMessage['type'];
export type MessageOf<T extends MessageType> = Extract<EventMessage, { type: T }>;
export type Handler<T extends MessageType> = (message: MessageOf<T>) => unknown;

export class Handlers {
  /** Times a handler, or who is told of the session's state, threw or rejected. It stays attached: one bad message must not silence the ones after it. */
  failures = 0;
  #byType = new Map<MessageType, Set<(message: never) => unknown>>();

  /** Attaches `handler`; the result detaches it. */
  on<T extends MessageType>(type: T, handler: Handler<T>): () => void {
    const attached = this.#byType.get(type) ?? new Set();
    this.#byType.set(type, attached);
    attached.add(handler);
    return () => void attached.delete(handler);
  }

  /** Calls the handlers of the message's type and waits for none of them. */
  call(message: EventMessage): void {
    for (const handler of this.#byType.get(message.type) ?? []) {
      try {
        // Only handlers of this very type are in the set.
        const result = handler(message as never);
        if (result instanceof Promise) result.catch(() => this.failures++);
      } catch {
        this.failures++;
      }
    }
  }
}
