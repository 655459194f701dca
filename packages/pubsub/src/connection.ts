/** How a channel is reached: the options that publisher and subscriber share, and the channel's requests built from them. */
import { type Clock, systemClock, TrickleError } from '@runnel/protocol';
import { defaultTransport } from '#default-transport';
import { childOf, orAborted } from './abort.ts';
import type { Answer, Transport, Upload } from './transport.ts';

export interface Connection {
  /** Default: one `nodeTransport()` for the process; in the browser entry `fetchTransport()`. */
  readonly transport?: Transport;
  /** Sent with every request; a function is asked anew for each of them. */
  readonly headers?: ExtraHeaders;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Aborting it ends everything at once. */
  readonly signal?: AbortSignal;
}

export type ExtraHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** A short request (the head, create, delete) or a connection that takes longer than this counts as failed. */
export const ASK_MS = 10_000;

/** One channel's address, with everything its requests have in common. */
export class Channel {
  readonly clock: Clock;
  readonly #url: URL;
  readonly #transport: Transport;
  readonly #headers: ExtraHeaders;

  /** Throws TrickleError `invalid` for a URL that is none of http or https. */
  constructor(channelUrl: string, options: Connection) {
    this.#url = parse(channelUrl);
    this.#transport = options.transport ?? defaultTransport();
    this.#headers = options.headers ?? {};
    this.clock = options.clock ?? systemClock;
  }

  async get(part: string | number, signal: AbortSignal): Promise<Answer> {
    return this.#transport.get(this.#address(part), { headers: await this.#extra(), signal });
  }

  /** Begins a POST of segment `part`. */
  async post(part: number, headers: Record<string, string>, signal: AbortSignal): Promise<Upload> {
    return this.#transport.post(this.#address(part), { headers: { ...(await this.#extra()), ...headers }, signal });
  }

  /** A request without a body to the channel itself. */
  async send(method: 'POST' | 'DELETE', headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const all = { ...(await this.#extra()), ...headers };
    const upload = this.#transport.post(this.#address(), { method, headers: all, signal });
    upload.end();
    return upload.answer;
  }

  /** Runs `ask` with a signal that aborts when `signal` does, or when `ms` are over: then it counts as `unreachable`. */
  async within<T>(ms: number, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const child = childOf(signal);
    const late = () => child.abort(new TrickleError('unreachable', `No answer within ${ms} ms from ${this}`));
    const stop = this.clock.after(ms, late);
    try {
      return await orAborted(ask(child.signal), child.signal);
    } finally {
      stop();
      child.release();
    }
  }

  toString(): string {
    return this.#url.origin + this.#url.pathname;
  }

  #address(part?: string | number): string {
    if (part === undefined) return this.#url.href;
    const url = new URL(this.#url);
    url.pathname += `/${part}`;
    return url.href;
  }

  async #extra(): Promise<Readonly<Record<string, string>>> {
    if (typeof this.#headers !== 'function') return this.#headers;
    try {
      return await this.#headers();
    } catch (error) {
      throw new TrickleError('unreachable', `The headers for ${this} are not to be had`, { cause: error });
    }
  }
}

function parse(channelUrl: string): URL {
  const url = URL.canParse(channelUrl) ? new URL(channelUrl) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TrickleError('invalid', `Not an http or https URL: ${channelUrl}`);
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  url.hash = '';
  return url;
}
