/** Webhooks: one signed POST an envelope, in order for each key. EGRESS 3.17, 3.18 and 3.21. */
import { createHash } from 'node:crypto';
import { type Clock, type Envelope, type SendReport, type Sink, SinkError, systemClock } from '@runnel/protocol';
import { accept } from './answer.ts';
import { post } from './post.ts';
import { type WebhookFilter, wants } from './webhook-filter.ts';
import type { WebhookSignature } from './webhook-signature.ts';

export type { WebhookFilter } from './webhook-filter.ts';
export {
  liveKitSignature,
  standardSignature,
  type WebhookSignature,
} from './webhook-signature.ts';
export { verifyWebhook, WebhookError, type WebhookErrorCode } from './webhook-verify.ts';

export interface WebhookSinkOptions {
  /** One receiver. Several receivers are several sinks, so that none waits for another. */
  readonly url: string;
  /** Default `webhook`. */
  readonly name?: string;
  /** `liveKitSignature(…)` or `standardSignature(…)`. Default: not signed. */
  readonly signature?: WebhookSignature;
  /** Which event types it gets. Default: all. */
  readonly filter?: WebhookFilter;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What keeps its order. Default: the session. */
  readonly key?: (envelope: Envelope) => string;
  /** How long the receiver may take for one, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Most keys at work at once. Default 16. */
  readonly concurrency?: number;
  readonly clock?: Clock;
}

export interface WebhookSink extends Sink {
  /** For the envelopes whose turn comes from now on. EGRESS 3.22. */
  setFilter(filter: WebhookFilter): void;
  /** For the next attempt on. Undefined: not signed any more. */
  setSignature(signature: WebhookSignature | undefined): void;
}

/**
 * POSTs each envelope's bytes, signed anew for each attempt, and reports one by one. A key stops at its first envelope that cannot be delivered now; the
 * rest of the key is to be sent again, the other keys go on. A 4xx refuses that envelope for ever, but for 401, 408, 425 and 429. When not one was
 * delivered, `send` rejects with the first reason. On abort what was delivered until then is reported; with nothing delivered it rejects. Envelopes of types
 * that the filter leaves out are for the caller to keep back: `traits.wants` says which.
 */
export function webhookSink(options: WebhookSinkOptions): WebhookSink {
  const { name = 'webhook', key = ({ session }) => session, concurrency = 16 } = options;
  let { filter = {}, signature } = options;
  const deliver = delivery(options, () => signature);
  return {
    name,
    traits: {
      order: 'key',
      key,
      maxBatch: 100,
      destination: new URL(options.url).origin,
      wants: (envelope) => wants(filter, envelope),
    },
    async send(batch, signal) {
      signal.throwIfAborted();
      const round = new Round(batch, signal);
      const waiting = [...Map.groupBy(batch.keys(), (place) => key(batch[place] as Envelope)).values()];
      const work = async () => {
        for (let places = waiting.shift(); places; places = waiting.shift()) await round.run(places, deliver);
      };
      await Promise.all(Array.from({ length: concurrency }, work));
      return round.report();
    },
    setFilter(next) {
      filter = next;
    },
    setSignature(next) {
      signature = next;
    },
    async close() {},
  };
}

type Deliver = (envelope: Envelope, signal: AbortSignal) => Promise<void>;

/** One call of `send`: what became of each place. */
class Round {
  readonly #batch: readonly Envelope[];
  readonly #signal: AbortSignal;
  readonly #refused: { place: number; reason: string }[] = [];
  readonly #retry: number[] = [];
  #error: unknown;
  #over = false;

  constructor(batch: readonly Envelope[], signal: AbortSignal) {
    this.#batch = batch;
    this.#signal = signal;
  }

  /** Delivers the envelopes of one key, in order, to the first that does not go through. */
  async run(places: readonly number[], deliver: Deliver): Promise<void> {
    for (const [nth, place] of places.entries()) {
      if (this.#over || !(await this.#try(place, deliver))) {
        this.#retry.push(...places.slice(nth));
        return;
      }
    }
  }

  report(): SendReport {
    const delivered = this.#batch.length - this.#retry.length - this.#refused.length;
    if (delivered === 0 && this.#refused.length === 0 && this.#error !== undefined) throw this.#error;
    return {
      refused: this.#refused.sort((a, b) => a.place - b.place),
      retry: this.#retry.sort((a, b) => a - b),
    };
  }

  /** False if the envelope has to wait. */
  async #try(place: number, deliver: Deliver): Promise<boolean> {
    try {
      await deliver(this.#batch[place] as Envelope, this.#signal);
      return true;
    } catch (error) {
      if (error instanceof SinkError && (error.kind === 'refused' || error.kind === 'too_large')) {
        this.#refused.push({ place, reason: error.response ? `${error.message}: ${error.response}` : error.message });
        return true;
      }
      this.#error ??= error;
      // These are not about one envelope: more requests would only be refused as well.
      this.#over ||= !(error instanceof SinkError) || error.kind !== 'unavailable';
      return false;
    }
  }
}

/** One attempt at one envelope. */
function delivery(options: WebhookSinkOptions, signature: () => WebhookSignature | undefined): Deliver {
  const { url, headers: given = {}, timeoutMs = 10_000, clock = systemClock } = options;
  const fixed = new Headers({ 'content-type': 'application/json', ...given });
  return async (envelope, signal) => {
    const { bytes: body } = envelope;
    const headers = new Headers(fixed);
    const signed = await signature()?.({ id: stableId(envelope), body, wallMs: clock.wall() });
    for (const [header, value] of Object.entries(signed ?? {})) headers.set(header, value);
    const late = new AbortController();
    const cancel = clock.after(timeoutMs, () =>
      late.abort(new SinkError('unavailable', `no answer within ${timeoutMs} ms`)),
    );
    try {
      const answer = await post(url, { headers, body }, AbortSignal.any([signal, late.signal]));
      accept(url, answer, { clock, forbidden: 'refuse' });
    } finally {
      cancel();
    }
  };
}

/** Receivers tell repetitions by it; an envelope without an id is known by its bytes. */
function stableId({ id, bytes }: Envelope): string {
  return id || createHash('sha256').update(bytes).digest('base64url');
}
