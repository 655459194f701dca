/** The receivers of a notifier: those of its own URLs, and those that calls bring along. EGRESS 3.22 to 3.24. */
import { type Sink, TrickleError } from '@runnel/protocol';
import type { Receiver } from './receiver.ts';
import type { ExtraWebhook } from './records.ts';

/** A URL, and the key that signs what is sent there. */
export interface WebhookTarget {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
}

export interface ReceiversOptions {
  readonly key: string;
  readonly secret: string;
  readonly sink: (target: WebhookTarget) => Sink;
  readonly secretOf?: (key: string) => string | undefined;
}

/** Most receivers that extra webhooks may make. */
const MOST_EXTRA = 1000;

/** Receivers are made when they are first asked for. */
export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #make: (target: WebhookTarget, sink: Sink) => Receiver;
  readonly #own = new Map<string, Receiver>();
  readonly #extra = new Map<string, Receiver>();
  #keys: { readonly key: string; readonly secret: string };

  constructor(options: ReceiversOptions, make: (target: WebhookTarget, sink: Sink) => Receiver) {
    this.#options = options;
    this.#make = make;
    this.#keys = { key: options.key, secret: options.secret };
  }

  get all(): Receiver[] {
    return [...this.#own.values(), ...this.#extra.values()];
  }

  /** Throws `invalid` without a key or its secret. */
  own(url: string): Receiver {
    const { key, secret } = this.#keys;
    if (!key || !secret) throw new TrickleError('invalid', `the webhook to ${url} has no key to sign with`);
    return this.#find(this.#own, url, { url, key, secret });
  }

  /** Throws `invalid` for a key that nobody knows, `refused` where there are too many. */
  extra({ url, signingKey: key }: ExtraWebhook): Receiver {
    const secret = key === this.#keys.key ? this.#keys.secret : this.#options.secretOf?.(key);
    if (!key || !secret) throw new TrickleError('invalid', `nobody here knows the signing key ${JSON.stringify(key)}`);
    const name = JSON.stringify([url, key, secret]);
    if (this.#extra.size >= MOST_EXTRA && !this.#extra.has(name)) {
      throw new TrickleError('refused', 'too many receivers of extra webhooks');
    }
    return this.#find(this.#extra, name, { url, key, secret });
  }

  /** Without a key nothing new is taken; what waits keeps the one before. */
  setKeys(key: string, secret: string): void {
    this.#keys = { key, secret };
    if (!key || !secret) return;
    for (const [url, receiver] of this.#own) receiver.replace(this.#options.sink({ url, key, secret }));
  }

  /** Forgets queues without work, and with the last of them an extra receiver. */
  sweep(): void {
    for (const receiver of this.all) receiver.sweep();
    for (const [name, receiver] of this.#extra) {
      if (receiver.keys > 0) continue;
      this.#extra.delete(name);
      void receiver.close();
    }
  }

  #find(among: Map<string, Receiver>, name: string, target: WebhookTarget): Receiver {
    const receiver = among.get(name) ?? this.#make(target, this.#options.sink(target));
    among.set(name, receiver);
    return receiver;
  }
}
