/** How a channel is reached: the options that publisher and subscriber share, and the channel's requests built from them. */
import { type Clock, Header, NEXT, systemClock, TrickleError, unlessAborted } from '@runnel/protocol';
import { defaultTransport } from '#default-transport';
import { childOf } from './abort.ts';
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
const ASK_MS = 10_000;

/** One channel's address, and the requests that are made of it. */
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

  /** Asks for a segment, for `next`, or for what is at the channel itself, and waits for the answer as long as it takes. */
  async get(part: string | number | undefined, signal: AbortSignal): Promise<Answer> {
    return this.#transport.get(this.#address(part), { headers: await this.#extra(), signal });
  }

  /** Begins the POST of a segment; resolves when it is connected. */
  async post(seq: number, headers: Record<string, string>, signal: AbortSignal): Promise<Upload> {
    let upload: Upload | undefined;
    try {
      return await this.within(ASK_MS, signal, async () => {
        const all = { ...(await this.#extra()), ...headers };
        upload = this.#transport.post(this.#address(seq), { headers: all, signal });
        await upload.connected;
        return upload;
      });
    } catch (error) {
      upload?.abort();
      throw error;
    }
  }

  /** Asks for the head. */
  head(signal: AbortSignal): Promise<Answer> {
    return this.#ask(ASK_MS, signal, (within) => this.get(NEXT, within));
  }

  create(mime: string, signal: AbortSignal): Promise<Answer> {
    const headers = { [Header.expectContent]: mime };
    return this.#ask(ASK_MS, signal, (within) => this.#send('POST', headers, within));
  }

  delete(ms: number, signal: AbortSignal): Promise<Answer> {
    return this.#ask(ms, signal, (within) => this.#send('DELETE', {}, within));
  }

  /** Runs `ask` with a signal that aborts when `signal` does, or when `ms` are over: then it counts as `unreachable`. */
  async within<T>(ms: number, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const child = childOf(signal);
    const late = () => child.abort(new TrickleError('unreachable', `No answer within ${ms} ms from ${this}`));
    const stop = this.clock.after(ms, late);
    try {
      return await unlessAborted(ask(child.signal), child.signal);
    } finally {
      stop();
      child.release();
    }
  }

  /** Each of these may be asked twice, and is, if it fails: a connection that was kept may have been closed a moment ago. */
  async #ask(ms: number, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const answer = await this.within(ms, signal, (within) =>
      ask(within).catch((error: TrickleError) => {
        if (error.code !== 'unreachable' || within.aborted) throw error;
        return ask(within);
      }),
    );
    answer.cancel();
    return answer;
  }

  async #send(method: 'POST' | 'DELETE', headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const all = { ...(await this.#extra()), ...headers };
    const upload = this.#transport.post(this.#address(), { method, headers: all, signal });
    upload.end();
    return upload.answer;
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
