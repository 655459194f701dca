/**
 * The seam between trickle and HTTP: two functions, `get` and `post`. `nodeTransport` is the one for Node, `fetchTransport` the one for
 * browsers and for a server in the same process.
 */

/** Makes requests. Failures to get an answer are TrickleErrors: `unreachable`, or `aborted` when the caller's signal did it. */
export interface Transport {
  /** Asks; resolves with the head of the answer, which may be hours away. `signal` counts until then; afterwards `answer.cancel()` does. */
  get(url: string, request: GetRequest): Promise<Answer>;
  /** Begins a request with a body. Never throws: what goes wrong rejects `answer`. */
  post(url: string, request: PostRequest): Upload;
}

export interface GetRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PostRequest extends GetRequest {
  /** Default POST. */
  readonly method?: 'POST' | 'DELETE';
}

/** The head of an answer, and its body as it comes. */
export interface Answer {
  readonly status: number;
  /** Case-insensitive. */
  header(name: string): string | undefined;
  /** Once only. Throws TrickleError `unreachable` when it is cut short. Nobody reads ahead of the one who iterates. */
  readonly body: AsyncIterable<Uint8Array>;
  /** A field of the trailer section, known once `body` has ended. Always undefined over `fetch`, which does not show it. */
  trailer(name: string): string | undefined;
  /** Lets go of what is left of the body. Who does not read `body` to its end calls this. */
  cancel(): void;
}

/** A request whose body is still being sent. One that is ended before the next microtask has no body at all. */
export interface Upload {
  /** Resolves when the connection stands and the request's head has been handed to it; rejects as `answer` does. */
  readonly connected: Promise<void>;
  /** The head of the answer, which may come before the body has ended. Its own body is not to be had. */
  readonly answer: Promise<Answer>;
  /** Sends one chunk, which now belongs to the transport. False: wait for `drained()` before the next. */
  write(chunk: Uint8Array): boolean;
  /** Resolves when more may be written, or when nothing can be any more. Never rejects. */
  drained(): Promise<void>;
  end(): void;
  /** Breaks the connection off. `answer` rejects `aborted` if it has not come. */
  abort(): void;
}
