/** Trickle over `fetch`: for a server in the same process, and for browsers. Imports nothing of Node. */
import { TrickleError } from '@runnel/protocol';
import { abortError } from './abort.ts';
import type { Answer, GetRequest, PostRequest, Transport, Upload } from './transport.ts';

/** What a server offers in process, and what browsers call `fetch`. */
export type FetchFunction = (request: Request) => Response | Promise<Response>;

/** `write` returns false while the other side has more than this left to read. */
const AHEAD_BYTES = 65_536;

/**
 * A {@link Transport} over `fetch` (default: the global one). With a server's `fetch` it works in process, without sockets. Over a
 * network, `fetch` sends no head before the first byte, so preconnects are none; and browsers allow a streaming body over HTTP/2 only.
 */
export function fetchTransport(fetch: FetchFunction = (request) => globalThis.fetch(request)): Transport {
  return {
    get: (url, request) => ask(fetch, request, () => new Request(url, { ...plain(request), method: 'GET' })),
    post: (url, request) => new FetchUpload(fetch, url, request),
  };
}

let shared: Transport | undefined;

/** The transport of those who name none, where there is no Node. */
export function defaultTransport(): Transport {
  shared ??= fetchTransport();
  return shared;
}

const plain = ({ headers, signal }: GetRequest) => ({ headers: { ...headers }, ...(signal && { signal }) });

async function ask(fetch: FetchFunction, { signal }: GetRequest, make: () => Request): Promise<Answer> {
  if (signal?.aborted) throw abortError(signal);
  try {
    return toAnswer(await fetch(make()));
  } catch (error) {
    if (signal?.aborted) throw abortError(signal);
    if (error instanceof TrickleError) throw error;
    throw new TrickleError('unreachable', `No answer: ${String(error)}`, { cause: error });
  }
}

interface Body {
  readonly stream: ReadableStream<Uint8Array>;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

class FetchUpload implements Upload {
  readonly connected: Promise<void>;
  readonly answer: Promise<Answer>;
  readonly #controller = new AbortController();
  #body: Body | undefined;
  #over = false;
  #wake: () => void = () => {};

  constructor(fetch: FetchFunction, url: string, request: PostRequest) {
    const { signal, headers, method = 'POST' } = request;
    const follow = () => this.#stop(signal && abortError(signal));
    if (signal?.aborted) follow();
    else signal?.addEventListener('abort', follow, { once: true });
    const init = { method, headers: { ...headers }, signal: this.#controller.signal };
    const make = () => {
      const body = this.#over ? this.#body?.stream : this.#open().stream;
      return new Request(url, body ? { ...init, body, ...halfDuplex } : init);
    };
    // A microtask later it is known whether there is a body at all.
    this.answer = Promise.resolve().then(() => ask(fetch, init, make));
    this.connected = Promise.resolve().then(() => {
      if (this.#controller.signal.aborted) throw abortError(this.#controller.signal);
    });
    this.connected.catch(() => {});
    const done = () => {
      signal?.removeEventListener('abort', follow);
      this.#finish();
    };
    this.answer.then((answer) => {
      answer.cancel();
      done();
    }, done);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    const { controller } = this.#open();
    controller.enqueue(chunk);
    return (controller.desiredSize ?? 1) > 0;
  }

  drained(): Promise<void> {
    if (this.#over || (this.#body?.controller.desiredSize ?? 1) > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before();
        resolve();
      };
    });
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#body?.controller.close();
    this.#woken();
  }

  abort(): void {
    this.#stop(new TrickleError('aborted', 'Aborted'));
  }

  #open(): Body {
    if (this.#body) return this.#body;
    let controller: Body['controller'] | undefined;
    const stream = new ReadableStream<Uint8Array>(
      {
        start(started) {
          controller = started;
        },
        pull: () => this.#woken(),
        cancel: () => {
          this.#over = true;
          this.#woken();
        },
      },
      { highWaterMark: AHEAD_BYTES, size: (chunk) => chunk.byteLength },
    );
    // `start` runs within the constructor.
    this.#body = { stream, controller: controller as Body['controller'] };
    return this.#body;
  }

  /** The answer is in: nobody reads the rest of the body. */
  #finish(): void {
    if (!this.#over) this.#body?.controller.close();
    this.#over = true;
    this.#woken();
  }

  #stop(reason: unknown): void {
    if (!this.#over) this.#body?.controller.error(reason);
    this.#over = true;
    this.#controller.abort(reason);
    this.#woken();
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = () => {};
    wake();
  }
}

/** Required for a streaming body. */
const halfDuplex = { duplex: 'half' } as const;

function toAnswer(response: Response): Answer {
  let cancelled = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  async function* body(): AsyncGenerator<Uint8Array> {
    if (!response.body || cancelled) return;
    reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (cancelled) throw new TrickleError('aborted', 'Cancelled');
        if (done) return;
        yield value;
      }
    } catch (error) {
      if (error instanceof TrickleError) throw error;
      throw new TrickleError('unreachable', 'The body was cut short', { cause: error });
    }
  }
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: body(),
    trailer: () => undefined,
    cancel() {
      cancelled = true;
      // It may have ended or failed by itself: then there is nothing to let go of.
      (reader ?? response.body)?.cancel().catch(() => {});
    },
  };
}
