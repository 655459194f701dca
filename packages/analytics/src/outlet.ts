/** What the parts of the service speak through: an operation each, under the time of its call. EGRESS 3.4. */
import type { Clock } from '@runnel/protocol';
import type { Notifier } from './notifier.ts';
import type { OperationsQueue } from './operations-queue.ts';
import type { WebhookOptions } from './service.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The runner's `emit`. */
export type Emit = (type: string, data?: object, o?: { readonly correlationId?: string }) => void;

/** What an operation can say. */
export interface Moment {
  /** Emits an analytics event. `atMs` is its time, in milliseconds since 1970, where it is not that of the call. */
  event(type: string, fields: object, atMs?: number): void;
  /** Queues a webhook. One that cannot be queued is reported and changes nothing else. */
  notify(event: string, members: Omit<WebhookEvent, 'event' | 'createdAtMs'>, o?: WebhookOptions): void;
}

export interface OutletOptions {
  readonly emit: Emit;
  readonly notifier: Notifier | undefined;
  readonly clock: Clock;
  readonly operations: OperationsQueue;
  readonly onError: (error: unknown) => void;
}

export class Outlet {
  readonly #options: OutletOptions;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  /** Queues an operation under the time of this call. */
  call(operation: (moment: Moment) => void): void {
    const moment = this.#moment(this.#options.clock.wall());
    this.#options.operations.enqueue(() => operation(moment));
  }

  #moment(wallMs: number): Moment {
    const { emit, notifier, onError } = this.#options;
    return {
      event: (type, fields, atMs = wallMs) => emit(type, { ...fields, timestamp_ns: nanoseconds(atMs) }),
      notify: (event, members, { extraWebhooks = [] } = {}) => {
        try {
          notifier?.queueNotify({ ...members, event, createdAtMs: wallMs }, { extraWebhooks });
        } catch (error) {
          onError(error);
        }
      },
    };
  }
}

const nanoseconds = (ms: number) => String(BigInt(Math.round(ms)) * 1_000_000n);
