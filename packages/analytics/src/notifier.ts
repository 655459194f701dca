/** Queued webhooks: to several URLs, in order for each resource, with every outcome told. EGRESS 3.18 to 3.25. */
import { type Clock, pause, type Sink, systemClock, TrickleError } from '@runnel/protocol';
import { type Outcome, Receiver, type WebhookDropReason } from './receiver.ts';
import { Receivers, type WebhookTarget } from './receivers.ts';
import type { ExtraWebhook, WebhookInfo } from './records.ts';
import { Tally } from './tally.ts';
import { createNotice, type WebhookEvent } from './webhook-event.ts';
import { passes, type WebhookFilter } from './webhook-filter.ts';

export interface NotifierOptions {
  /** Each has queues of its own. */
  readonly urls: readonly string[];
  readonly key: string;
  readonly secret: string;
  /** Makes the sink of a target; the notifier closes it. One whose order is `all` gets its webhooks one after the other. */
  readonly sink: (target: WebhookTarget) => Sink;
  /** The secret of a key that an extra webhook names. Default: those of `key` alone. */
  readonly secretOf?: (key: string) => string | undefined;
  readonly filter?: WebhookFilter;
  readonly clock?: Clock;
  /** Told when the processed hook throws. Default: `console.error`. */
  readonly onWarning?: (message: string) => void;
}

/** Webhooks, one for each URL: `in = sent + failed + pending + dropped`. `refused` never came in: without a usable key, or after `stop`. */
export interface NotifierBooks {
  readonly in: number;
  readonly sent: number;
  readonly failed: number;
  readonly pending: number;
  readonly dropped: Readonly<Record<WebhookDropReason | 'filtered', number>>;
  readonly refused: number;
  /** Queues of resources, all URLs together. */
  readonly queues: number;
}

/** What the telemetry service needs of a notifier. */
export interface Notifier {
  /** Never waits. Throws `invalid` where a webhook has no usable key, `refused` where there are too many receivers, when the others have theirs; `aborted` after `stop`. */
  queueNotify(event: WebhookEvent, o?: { readonly extraWebhooks?: readonly ExtraWebhook[] }): void;
  /** `hook` is called with every outcome; there is one, the last that was registered. */
  registerProcessedHook(hook: (info: WebhookInfo) => void): void;
  /** For the next event, and for the next attempt at those that wait. */
  setKeys(key: string, secret: string): void;
  /** For the next event. Extra webhooks are not filtered: they are asked for by name. */
  setFilter(filter: WebhookFilter): void;
  /** Sends what waits, or drops it (`drop`), and closes the sinks. At `deadlineMs` (default 5,000) the rest is dropped. Idempotent; never rejects. */
  stop(o?: { readonly drop?: boolean; readonly deadlineMs?: number }): Promise<void>;
  readonly books: NotifierBooks;
}

const SWEEP_MS = 60_000;

/** Starts with the first webhook; whoever makes it stops it, or hands it to a telemetry service, which does. */
export function createNotifier(options: NotifierOptions): Notifier {
  return new QueuedNotifier(options);
}

class QueuedNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #clock: Clock;
  readonly #receivers: Receivers;
  readonly #ending = new AbortController();
  readonly #dropped = new Tally(['overflow', 'age', 'shutdown', 'filtered']);
  #filter: WebhookFilter;
  #hook: ((info: WebhookInfo) => void) | undefined;
  #in = 0;
  #sent = 0;
  #failed = 0;
  #refused = 0;
  #cancelSweep: () => void = () => {};
  #stopping: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#filter = options.filter ?? {};
    this.#receivers = new Receivers(options, ({ url }, sink) => this.#receiver(url, sink));
    this.#sweepLater();
  }

  queueNotify(event: WebhookEvent, { extraWebhooks = [] }: { extraWebhooks?: readonly ExtraWebhook[] } = {}): void {
    if (this.#stopping) {
      this.#refused++;
      throw new TrickleError('aborted', 'the notifier has stopped');
    }
    const notice = createNotice(event, { now: this.#clock.now(), wallMs: this.#clock.wall() });
    const errors: unknown[] = [];
    const add = (receiver: () => Receiver) => {
      try {
        const found = receiver();
        this.#in++;
        found.add(notice);
      } catch (error) {
        this.#refused++;
        errors.push(error);
      }
    };
    if (passes(event.event, this.#filter)) {
      for (const url of this.#options.urls) add(() => this.#receivers.own(url));
    } else {
      this.#in += this.#options.urls.length;
      this.#dropped.add('filtered', this.#options.urls.length);
    }
    for (const extra of extraWebhooks) add(() => this.#receivers.extra(extra));
    if (errors.length > 0) throw errors[0];
  }

  registerProcessedHook(hook: (info: WebhookInfo) => void): void {
    this.#hook = hook;
  }

  setKeys(key: string, secret: string): void {
    this.#receivers.setKeys(key, secret);
  }

  setFilter(filter: WebhookFilter): void {
    this.#filter = filter;
  }

  stop(o: { drop?: boolean; deadlineMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(o);
    return this.#stopping;
  }

  get books(): NotifierBooks {
    const dropped = this.#dropped.counts;
    const settled = this.#sent + this.#failed + Object.values(dropped).reduce((sum, n) => sum + n, 0);
    return {
      in: this.#in,
      sent: this.#sent,
      failed: this.#failed,
      pending: this.#in - settled,
      dropped,
      refused: this.#refused,
      queues: this.#receivers.all.reduce((sum, receiver) => sum + receiver.keys, 0),
    };
  }

  #receiver(url: string, sink: Sink): Receiver {
    const onSettled = (outcome: Outcome, info: WebhookInfo) => this.#settled(outcome, info);
    return new Receiver({ url, sink, clock: this.#clock, signal: this.#ending.signal, onSettled });
  }

  #settled(outcome: Outcome, info: WebhookInfo): void {
    if ('dropped' in outcome) this.#dropped.add(outcome.dropped);
    else if ('error' in outcome) this.#failed++;
    else this.#sent++;
    try {
      this.#hook?.(info);
    } catch (error) {
      const { onWarning = (message) => console.error(message) } = this.#options;
      onWarning(`the processed hook of webhooks threw: ${error}`);
    }
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
      this.#receivers.sweep();
      this.#sweepLater();
    });
  }

  async #stop({ drop = false, deadlineMs = 5000 }: { drop?: boolean; deadlineMs?: number }): Promise<void> {
    this.#cancelSweep();
    const end = () => this.#ending.abort(new TrickleError('aborted', 'the notifier stops'));
    if (drop) end();
    const over = new AbortController();
    const deadline = pause(this.#clock, deadlineMs, over.signal, { keepAlive: true }).then(end);
    await Promise.all(this.#receivers.all.map((receiver) => receiver.idle()));
    await Promise.race([deadline, Promise.all(this.#receivers.all.map((receiver) => receiver.close()))]);
    over.abort();
    end();
  }
}
