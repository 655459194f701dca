/** What a case holds in its hand: fresh names, requests, connections; all of it gone when the case is over. */
import { randomUUID } from 'node:crypto';
import { Header } from '@runnel/protocol';
import { answers } from '../expect.ts';
import type { Features } from '../features.ts';
import { Mismatch, NotApplicable } from '../mismatch.ts';
import { toBuffer } from './bytes.ts';
import { Connection, type WireRequest } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { FetchExchange, type FetchHandler } from './fetch-exchange.ts';
import type { Answer } from './fields.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT' | 'PATCH';

export interface Ask {
  readonly headers?: Record<string, string>;
  /** For {@link Wire.ask}: the whole body, sent with a Content-Length. */
  readonly body?: string | Uint8Array;
}

export interface WireOptions {
  readonly url: URL;
  readonly features: Features;
  readonly fetch?: FetchHandler | undefined;
  /** Resolves when the server has begun to stop. */
  readonly stop?: (() => Promise<void>) | undefined;
}

export class Wire {
  readonly url: URL;
  readonly features: Features;
  readonly #fetch: FetchHandler | undefined;
  readonly #stop: (() => Promise<void>) | undefined;
  readonly #names: string[] = [];
  readonly #open: (() => void)[] = [];

  constructor({ url, features, fetch, stop }: WireOptions) {
    this.url = url;
    this.features = features;
    this.#fetch = fetch;
    this.#stop = stop;
  }

  /** A channel name nobody has used, as it stands in a path. The channel, if there is one then, is deleted when the case is over. */
  name(suffix = ''): string {
    const name = `conformance-${randomUUID()}${suffix}`;
    this.#names.push(name);
    return name;
  }

  /** The name of a channel that has just been made, with head 0. */
  async channel(mediaType = 'application/octet-stream'): Promise<string> {
    if (!this.features.has('autocreate')) throw new NotApplicable('the server makes no channels');
    const name = this.name();
    answers(await this.ask('POST', name, { headers: { [Header.expectContent]: mediaType } }), 200);
    return name;
  }

  /** A request and its whole answer, on a connection of its own. */
  async ask(method: Method, path: string, { headers = {}, body }: Ask = {}): Promise<Answer> {
    const bytes = toBuffer(body ?? '');
    const framing = method === 'POST' || bytes.length > 0 ? bytes.length : 'none';
    const exchange = await this.#exchange({ method, path, headers, body: framing });
    exchange.send(bytes);
    exchange.end();
    return exchange.answer();
  }

  /** A request whose head is sent and whose body, for a POST, is the case's to send, in chunks or as long as a Content-Length says. */
  open(
    method: Method,
    path: string,
    headers: Record<string, string> = {},
    body?: WireRequest['body'],
  ): Promise<Exchange> {
    return this.#exchange({ method, path, headers, body: body ?? (method === 'POST' ? 'chunked' : 'none') });
  }

  /** Publishes a whole segment and checks that it was taken. */
  async publish(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
    return answers(await this.ask('POST', path, { body, headers }), 200);
  }

  /** What `/next` says. */
  async latest(channel: string): Promise<number> {
    return Number(answers(await this.ask('GET', `${channel}/next`), 200).body.toString());
  }

  /** Waits until the head is this, asking again and again; for what the server does in its own time. */
  async headIs(channel: string, head: number, deadlineMs = 5_000): Promise<void> {
    const until = Date.now() + deadlineMs;
    for (let latest = await this.latest(channel); latest !== head; latest = await this.latest(channel)) {
      if (Date.now() > until) throw new Mismatch(`head ${head}`, `head ${latest}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** A connection to send bytes on as they are. Only for cases that need the feature "sockets". */
  async connect(): Promise<Connection> {
    const connection = await Connection.to(this.url);
    this.#open.push(() => connection.destroy());
    return connection;
  }

  /** A request on a connection the case has made; the answer before it must be complete. */
  on(connection: Connection, method: Method, path: string, headers: Record<string, string> = {}): Exchange {
    return connection.request({ method, path: this.path(path), headers, body: method === 'POST' ? 'chunked' : 'none' });
  }

  /** The path of a channel or segment as it goes onto the wire. */
  path(path: string): string {
    return this.url.pathname + path;
  }

  /** Stops the server, together with the other cases that want it stopped. */
  async stop(): Promise<void> {
    await this.#stop?.();
  }

  /** Deletes the channels of the case, as far as the server lets it. */
  async cleanUp(): Promise<void> {
    await Promise.all(this.#names.map((name) => this.ask('DELETE', name).catch(() => undefined)));
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const close of this.#open) close();
  }

  async #exchange(request: WireRequest): Promise<Exchange> {
    const onWire = { ...request, path: this.path(request.path) };
    if (this.#fetch === undefined) return (await this.connect()).request(onWire);
    const exchange = new FetchExchange(this.#fetch, this.url, onWire);
    this.#open.push(() => exchange.abort());
    return exchange;
  }
}
