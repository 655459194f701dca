/** One URL: a queue for each resource, so that a resource keeps its order and holds up no other. EGRESS 3.18 to 3.20. */
import { type Clock, type Sink, SinkError } from '@runnel/protocol';
import PQueue from 'p-queue';
import { deliver } from './delivery.ts';
import type { WebhookInfo } from './records.ts';
import { SharedSink } from './shared-sink.ts';
import type { Notice } from './webhook-event.ts';

/** Most webhooks that wait for one resource. */
const DEPTH = 200;
/** Most resources at once. */
const MOST_KEYS = 10_000;
/** How old a webhook may be when its turn comes. */
const MOST_AGE_MS = 30_000;
/** How long the queue of a resource is kept when it has nothing to do. */
const IDLE_MS = 300_000;

export type WebhookDropReason = 'overflow' | 'age' | 'shutdown';

export type Outcome = { readonly sent: true } | { readonly error: unknown } | { readonly dropped: WebhookDropReason };

export interface ReceiverOptions {
  readonly url: string;
  readonly sink: Sink;
  readonly clock: Clock;
  /** Aborts when all is to end: what waits is dropped. */
  readonly signal: AbortSignal;
  readonly onSettled: (outcome: Outcome, info: WebhookInfo) => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #keys = new Map<string, { readonly queue: PQueue; usedAt: number }>();
  #sink: SharedSink;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#sink = new SharedSink(options.sink);
  }

  /** Resources that have a queue. */
  get keys(): number {
    return this.#keys.size;
  }

  /** The next attempt uses `sink`; the one before is closed when its attempt is over. */
  replace(sink: Sink): void {
    this.#sink.retire();
    this.#sink = new SharedSink(sink);
  }

  add(notice: Notice): void {
    const key = this.#sink.ordersAll ? '' : notice.key;
    const known = this.#keys.get(key);
    if (known ? known.queue.size >= DEPTH : this.#keys.size >= MOST_KEYS) {
      this.#settle(notice, { dropped: 'overflow' });
      return;
    }
    const entry = known ?? { queue: new PQueue({ concurrency: 1 }), usedAt: 0 };
    this.#keys.set(key, entry);
    void entry.queue.add(async () => {
      await this.#deliver(notice);
      entry.usedAt = this.#options.clock.now();
    });
  }

  /** Forgets the queues that had nothing to do for five minutes. */
  sweep(): void {
    for (const [key, { queue, usedAt }] of this.#keys) {
      const busy = queue.size + queue.pending > 0;
      if (!busy && this.#options.clock.now() - usedAt >= IDLE_MS) this.#keys.delete(key);
    }
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async idle(): Promise<void> {
    await Promise.all([...this.#keys.values()].map(({ queue }) => queue.onIdle()));
  }

  /** Closes the sink; what is in flight ends first. */
  close(): Promise<void> {
    this.#sink.retire();
    return this.#sink.closed;
  }

  async #deliver(notice: Notice): Promise<void> {
    const { clock, signal } = this.#options;
    if (signal.aborted) return this.#settle(notice, { dropped: 'shutdown' });
    if (clock.now() - notice.queuedAt > MOST_AGE_MS) return this.#settle(notice, { dropped: 'age' });
    const startedAt = clock.now();
    const sentAtMs = clock.wall();
    const outcome = await deliver(notice.envelope, (send) => this.#sink.use(send), { clock, signal }).then(
      (): Outcome => ({ sent: true }),
      (error: unknown): Outcome => (signal.aborted ? { dropped: 'shutdown' } : { error }),
    );
    this.#settle(notice, outcome, { sentAtMs, startedAt });
  }

  #settle(notice: Notice, outcome: Outcome, sent?: { sentAtMs: number; startedAt: number }): void {
    const { url, clock, onSettled } = this.#options;
    const now = clock.now();
    onSettled(outcome, {
      ...notice.info,
      url,
      queueDurationMs: (sent?.startedAt ?? now) - notice.queuedAt,
      ...(sent && { sentAtMs: sent.sentAtMs, sendDurationMs: now - sent.startedAt }),
      isDropped: 'dropped' in outcome,
      ...('dropped' in outcome && { error: outcome.dropped }),
      ...('error' in outcome && { error: wordsOf(outcome.error) }),
    });
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof SinkError && error.response) return `${error.message}: ${error.response}`;
  return error instanceof Error ? error.message : String(error);
}
