/** The same exchange through a fetch handler of this process: what can be seen without a socket. */
import { toBuffer } from './bytes.ts';
import type { WireRequest } from './connection.ts';
import { Exchange } from './exchange.ts';

export type FetchHandler = (request: Request) => Response | Promise<Response>;

export class FetchExchange extends Exchange {
  override readonly framed = false;
  readonly #abort = new AbortController();
  #upload: ReadableStreamDefaultController<Uint8Array> | undefined;
  #resume = Promise.withResolvers<void>();
  #paused = false;

  constructor(handler: FetchHandler, origin: URL, request: WireRequest) {
    super(`${request.method} ${request.path}`);
    void this.#run(handler, this.#requestOf(origin, request));
  }

  override send(bytes: string | Uint8Array): void {
    try {
      this.#upload?.enqueue(new Uint8Array(toBuffer(bytes)));
    } catch {
      // The handler has cancelled the body: what a socket would send into the void.
    }
  }

  override end(): void {
    try {
      this.#upload?.close();
    } catch {
      // As in send.
    }
    this.#upload = undefined;
  }

  override abort(): void {
    const gone = new DOMException('the client is gone', 'AbortError');
    this.#upload?.error(gone);
    this.#upload = undefined;
    this.#abort.abort(gone);
  }

  override pause(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#resume = Promise.withResolvers<void>();
    else this.#resume.resolve();
  }

  #requestOf(origin: URL, { method, path, headers, body }: WireRequest): Request {
    const start = (upload: ReadableStreamDefaultController<Uint8Array>) => {
      this.#upload = upload;
    };
    const upload = body === 'none' ? null : new ReadableStream<Uint8Array>({ start });
    const length = typeof body === 'number' ? { 'Content-Length': String(body) } : {};
    const init = {
      method,
      headers: { ...length, ...headers },
      body: upload,
      duplex: 'half',
      signal: this.#abort.signal,
    };
    return new Request(new URL(path, origin), init as RequestInit);
  }

  async #run(handler: FetchHandler, request: Request): Promise<void> {
    try {
      const response = await handler(request);
      this.gotHead({ status: response.status, fields: new Map(response.headers) });
      for await (const piece of response.body ?? []) {
        if (this.#paused) await this.#resume.promise;
        this.gotBody(Buffer.from(piece));
      }
      this.gotEnd(new Map());
    } catch {
      this.gotEnding('was reset');
    }
  }
}
