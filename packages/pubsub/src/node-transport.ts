/**
 * HTTP/1.1 over node:http and node:https. What `fetch` cannot do and this can: put the head of a POST on the wire before there is a body,
 * which is what a preconnect is, and read trailers.
 */
import http from 'node:http';
import https from 'node:https';
import { TrickleError } from '@runnel/protocol';
import { abortError } from './abort.ts';
import type { Answer, PostRequest, Transport, Upload } from './transport.ts';

export interface NodeTransportOptions {
  /** Certificates to trust instead of the machine's, PEM. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Default true. False accepts any certificate: for tests. */
  readonly rejectUnauthorized?: boolean;
  /** Default true: goes through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name when the transport is made. */
  readonly proxyFromEnv?: boolean;
}

/** A half-open connection is found out after this long (and ten probes, a second apart). */
const TCP_PROBE_MS = 30_000;

/** The rest of a body up to this long is read and dropped, so that its connection can be used again. */
const WORTH_READING_BYTES = 65_536;

/** A {@link Transport} with connections of its own, kept alive between requests. Idle ones do not keep the process alive: nothing to close. */
export function nodeTransport(options: NodeTransportOptions = {}): Transport {
  const agents = makeAgents(options);
  const start = (url: string, method: string, { headers, signal }: PostRequest) => {
    const secure = url.startsWith('https:');
    const request = secure ? https.request : http.request;
    return request(url, { method, headers, agent: secure ? agents.https : agents.http, ...(signal && { signal }) });
  };
  return {
    get: (url, request) =>
      new Promise((resolve, reject) => {
        const req = start(url, 'GET', request);
        req.once('response', (res) => resolve(toAnswer(res)));
        req.on('error', (error) => reject(toError(error, url, request.signal)));
        req.end();
      }).catch((error: unknown) => {
        throw toError(error, url, request.signal);
      }) as Promise<Answer>,
    post(url, request) {
      try {
        return new NodeUpload(start(url, request.method ?? 'POST', request), url, request.signal);
      } catch (error) {
        return failedUpload(toError(error, url, request.signal));
      }
    },
  };
}

let shared: Transport | undefined;

/** The transport of those who name none: one for the process, so that sessions share connections. */
export function defaultTransport(): Transport {
  shared ??= nodeTransport();
  return shared;
}

function makeAgents({ ca, rejectUnauthorized = true, proxyFromEnv = true }: NodeTransportOptions) {
  const common = {
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_MS,
    noDelay: true,
    ...(proxyFromEnv && { proxyEnv: process.env }),
  };
  const trusted = ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca]).map(toPem) };
  return { http: new http.Agent(common), https: new https.Agent({ ...common, ...trusted, rejectUnauthorized }) };
}

const toPem = (ca: string | Uint8Array) => (typeof ca === 'string' ? ca : Buffer.from(ca));

class NodeUpload implements Upload {
  readonly connected: Promise<void>;
  readonly answer: Promise<Answer>;
  readonly #req: http.ClientRequest;

  constructor(req: http.ClientRequest, url: string, signal: AbortSignal | undefined) {
    this.#req = req;
    const failed = new Promise<never>((_, reject) => {
      req.on('error', (error) => reject(toError(error, url, signal)));
      req.once('close', () => reject(new TrickleError('unreachable', `Connection closed by ${url}`)));
    });
    const response = new Promise<http.IncomingMessage>((resolve) => req.once('response', resolve));
    this.answer = Promise.race([response.then((res) => this.#answered(res)), failed]);
    this.connected = Promise.race([connection(req), failed]);
    // Whoever waits for one of the two is told; a second report of the same failure would end the process.
    this.answer.catch(() => {});
    this.connected.catch(() => {});
    queueMicrotask(() => req.writableEnded || req.destroyed || req.flushHeaders());
  }

  write(chunk: Uint8Array): boolean {
    return this.#req.destroyed || this.#req.write(chunk);
  }

  drained(): Promise<void> {
    const req = this.#req;
    return new Promise((resolve) => {
      if (req.destroyed || !req.writableNeedDrain) return resolve();
      const done = () => {
        req.off('drain', done).off('close', done);
        resolve();
      };
      req.once('drain', done).once('close', done);
    });
  }

  end(): void {
    if (!this.#req.destroyed) this.#req.end();
  }

  abort(): void {
    this.#req.destroy(new TrickleError('aborted', 'Aborted'));
  }

  /** An answer that comes before the body has ended makes the rest of the body pointless: the request is dropped once it is in. */
  #answered(res: http.IncomingMessage): Answer {
    const answer = toAnswer(res);
    res.on('error', () => {});
    res.once('end', () => this.#req.writableFinished || this.#req.destroy());
    res.resume();
    return answer;
  }
}

/** Resolves when the request has a socket that can be written to. */
function connection(req: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    req.once('socket', (socket) => {
      const secure = 'encrypted' in socket;
      const waiting = secure ? 'secureConnecting' in socket && socket.secureConnecting === true : socket.connecting;
      if (waiting) socket.once(secure ? 'secureConnect' : 'connect', resolve);
      else resolve();
    });
  });
}

function toAnswer(res: http.IncomingMessage): Answer {
  let reading = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    reading = true;
    try {
      yield* res as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw new TrickleError('unreachable', 'The body was cut short', { cause: error });
    }
  }
  return {
    status: res.statusCode ?? 0,
    header: (name) => first(res.headers[name.toLowerCase()]),
    body: body(),
    trailer: (name) => first(res.trailers[name.toLowerCase()]),
    cancel() {
      res.on('error', () => {});
      const length = Number(res.headers['content-length'] ?? Number.NaN);
      if (!reading && length <= WORTH_READING_BYTES) res.resume();
      else res.destroy();
    },
  };
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

function toError(error: unknown, url: string, signal: AbortSignal | undefined): TrickleError {
  if (error instanceof TrickleError) return error;
  if (signal?.aborted) return abortError(signal);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_INVALID') || code === 'ERR_UNESCAPED_CHARACTERS') {
    return new TrickleError('invalid', `Cannot ask ${url}: ${(error as Error).message}`, { cause: error });
  }
  return new TrickleError('unreachable', `No answer from ${url}: ${code || String(error)}`, { cause: error });
}

function failedUpload(error: TrickleError): Upload {
  const failed = Promise.reject(error);
  failed.catch(() => {});
  return {
    connected: failed,
    answer: failed,
    write: () => true,
    drained: async () => {},
    end() {},
    abort() {},
  };
}
