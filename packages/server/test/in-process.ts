/** A trickle server in process on a clock that is moved by hand, and what a test asks of it. */
import { Header } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { createTrickle, type Trickle, type TrickleOptions } from '@runnel/server';
import { metric } from './metric.ts';
import { settled } from './until.ts';

const BASE = 'http://in.process/';

export interface InProcess {
  readonly clock: ManualClock;
  readonly trickle: Trickle;
  post(path: string, body?: string, headers?: Record<string, string>): Promise<Response>;
  get(path: string): Promise<Response>;
  head(path: string): Promise<Response>;
  remove(path: string): Promise<Response>;
  /** A POST whose body is written by hand. Resolves when the server has seen what there is. */
  open(path: string, first?: string, headers?: Record<string, string>): Promise<OpenPost>;
  /** A GET that is not answered yet, or is being answered. */
  wait(path: string): Promise<Waiting>;
  advance(ms: number): Promise<void>;
  /** The value of one line of the metrics, e.g. `refusals_total{reason="policy"}`; 0 if it is not there. */
  metric(line: string): Promise<number>;
}

export interface OpenPost {
  write(text: string | Buffer): Promise<void>;
  end(): Promise<void>;
  die(): Promise<void>;
  readonly answer: Promise<Response>;
  /** Whether the answer has come. */
  readonly answered: boolean;
}

export interface Waiting {
  readonly answer: Promise<Response>;
  /** What its head says, once there is one. */
  readonly response: Response | undefined;
  /** What its body has been so far. */
  readonly text: string;
  readonly done: boolean;
  readonly error: unknown;
  abort(): Promise<void>;
}

/** Autocreate is on unless told otherwise. */
export function inProcess(options: TrickleOptions = {}): InProcess {
  const clock = new ManualClock();
  const trickle = createTrickle({ autocreate: true, clock, ...options });
  const send = (method: string, path: string, init: RequestInit = {}) =>
    trickle.fetch(new Request(BASE + path, { method, ...init }));
  return {
    clock,
    trickle,
    post: (path, body, headers = {}) => send('POST', path, { headers, ...(body === undefined ? {} : { body }) }),
    get: (path) => send('GET', path),
    head: (path) => send('HEAD', path),
    remove: (path) => send('DELETE', path),
    open: (path, first, headers) => openPost(trickle, BASE + path, first, headers),
    wait: (path) => waitingGet(trickle, BASE + path),
    async advance(ms) {
      await settled();
      clock.advance(ms);
      await settled();
    },
    metric: (line) => metric(trickle, line),
  };
}

async function openPost(
  trickle: Trickle,
  url: string,
  first?: string,
  headers: Record<string, string> = {},
): Promise<OpenPost> {
  let body!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      body = controller;
    },
  });
  const init = { method: 'POST', body: stream, headers, duplex: 'half' };
  let answered = false;
  const answer = trickle.fetch(new Request(url, init as RequestInit)).finally(() => {
    answered = true;
  });
  const post: OpenPost = {
    answer,
    get answered() {
      return answered;
    },
    async write(text) {
      body.enqueue(Buffer.from(text));
      await settled();
    },
    async end() {
      body.close();
      await settled();
    },
    async die() {
      answer.catch(() => {});
      body.error(new Error('the publisher died'));
      await settled();
    },
  };
  await settled();
  if (first !== undefined) await post.write(first);
  return post;
}

async function waitingGet(trickle: Trickle, url: string): Promise<Waiting> {
  const abort = new AbortController();
  const state = { response: undefined as Response | undefined, text: '', done: false, error: undefined as unknown };
  const answer = trickle.fetch(new Request(url, { signal: abort.signal }));
  const follow = async () => {
    const response = await answer;
    state.response = response;
    for await (const chunk of response.body ?? []) state.text += Buffer.from(chunk).toString('latin1');
  };
  follow()
    .catch((error: unknown) => {
      state.error = error;
    })
    .finally(() => {
      state.done = true;
    });
  await settled();
  return Object.assign(state, {
    answer,
    async abort() {
      abort.abort(new Error('the reader left'));
      await settled();
    },
  });
}

/** The trickle headers of an answer, by their last word: `{ seq: '0', latest: '1' }`; the epoch only as whether it is there. */
export function told(response: Response | undefined): Record<string, string | boolean> {
  const found: Record<string, string | boolean> = {};
  for (const [word, name] of Object.entries(Header)) {
    const value = response?.headers.get(name);
    if (value !== null && value !== undefined) found[word] = word === 'epoch' ? /^[0-9a-f]{8}$/.test(value) : value;
  }
  return found;
}
