/** The Node listener. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { TrickleError } from '@runnel/protocol';
import { Hono, type MiddlewareHandler } from 'hono';
import { malformedAnswerer } from './client-error.ts';
import { allowPages, forAll } from './cors.ts';
import { descriptorLimit } from './descriptors.ts';
import { directly } from './direct.ts';
import { tapConnections } from './fast-ingest.ts';
import { pageNotFound } from './heads.ts';
import type { TrickleOptions } from './options.ts';
import { answerRaw } from './raw.ts';
import { strangerAtTheDoor } from './strangers.ts';
import { assemble, type Trickle } from './trickle.ts';

export interface ServeOptions extends TrickleOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Where the channels are, e.g. `/ai/trickle/`. Default `/`. */
  readonly basePath?: string;
  /** Origins whose pages may use the server from a browser, such as `http://127.0.0.1:7801`; `*`: all. Default: none, and where there is no middleware either, pages of other sites are refused. */
  readonly cors?: readonly string[];
  /** Middleware before the trickle routes and `/metrics`. Headers it sets reach every answer whose head is not sent yet. */
  readonly use?: readonly MiddlewareHandler[];
  /** Whether chunked bodies are decoded past Node's parser, and read into memory that is used again: pays for many small chunks and for hundreds of megabytes a second. Default false. */
  readonly fastIngest?: boolean;
  /** Told what a person should know. Default: standard error. */
  readonly onWarning?: (message: string) => void;
}

export interface Serving {
  /** With the base path and a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly trickle: Trickle;
  /** Stops as PROTOCOL.md section 4.8 says, within about 3 s. Call it as often as you like. */
  close(): Promise<void>;
}

/** Bodies live for hours, and a preconnected client may be idle for a minute. */
const SERVER_OPTIONS = {
  requestTimeout: 0,
  headersTimeout: 60_000,
  keepAliveTimeout: 75_000,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};
/** The media type of Prometheus text. */
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
const BACKLOG = 4_096;
/** Descriptors left for everything that is no connection. */
const SPARE_DESCRIPTORS = 200;

/**
 * Serves trickle, and `/healthz`, `/readyz`, `/metrics` at the root. Resolves when it listens; the caller ends it with `close()`. Throws
 * TrickleError `invalid` when it cannot listen or the options cannot be used.
 */
export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const { host = '127.0.0.1', port = 0, basePath = '/', cors = [], fastIngest = false, onWarning = warn } = options;
  const use = [...(cors.length > 0 ? [allowPages(cors)] : []), ...(options.use ?? [])];
  const { trickle, service } = assemble(options);
  const { core } = service;
  const app = rootApp(trickle, basePath, use);
  const ordinary = getRequestListener(answerRaw(app.fetch as Parameters<typeof answerRaw>[0]), {
    overrideGlobalObjects: false,
    hostname: host,
  });
  // Middleware must see every request, and judges which pages may use the server.
  const plain = use.length === 0;
  const stranger = plain ? strangerAtTheDoor(core) : () => false;
  const direct = directly(service, joined(basePath), forAll(cors));
  // What `cors` asks of a program, which names no origin, is one header.
  const mayBeDirect = ({ headers }: IncomingMessage) => plain || (!options.use?.length && headers.origin === undefined);
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    if (stranger(incoming, outgoing) || (mayBeDirect(incoming) && direct(incoming, outgoing))) return;
    void ordinary(incoming, outgoing);
  });
  if (fastIngest) tapConnections(server, core.ledger.blocks);
  server.on('clientError', malformedAnswerer(core));
  server.on('connection', () => core.counters.connections++);
  server.on('drop', () => core.counters.refusals.add('too_many_connections'));
  const descriptors = descriptorLimit();
  if (descriptors !== undefined) server.maxConnections = Math.max(1, descriptors - SPARE_DESCRIPTORS);
  await listen(server, host, port);
  if (!isLoopback(host)) {
    onWarning(
      `Listening on ${host}: everyone who can reach this machine and knows a channel's name can read and write it.`,
    );
  }
  const { port: actual } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}${joined(basePath)}`,
    port: actual,
    trickle,
    close: () => (closed ??= close(server, trickle)),
  };
}

function rootApp(trickle: Trickle, basePath: string, use: readonly MiddlewareHandler[]): Hono {
  const app = new Hono({ getPath: rawPath });
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => (trickle.stopping ? c.text('stopping\n', 503) : c.text('ready\n')));
  for (const middleware of use) app.use(middleware);
  app.get('/metrics', async (c) => c.body(await trickle.metrics(), 200, { 'Content-Type': PROMETHEUS }));
  app.route(basePath, trickle.app);
  app.notFound((c) => c.newResponse(pageNotFound.text ?? null, 404, pageNotFound.headers));
  return app;
}

/** The path as it came: a URL object would resolve `..` away and with it the name that is none. */
function rawPath(_request: Request, options?: { env?: unknown }): string {
  const target = (options?.env as { incoming?: IncomingMessage } | undefined)?.incoming?.url ?? '/';
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path.startsWith('/') ? path : `/${path}`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (cause: NodeJS.ErrnoException) =>
    reject(new TrickleError('invalid', sentence(cause, host, port), { cause }));
  server.once('error', failed);
  server.listen({ port, host, backlog: BACKLOG }, () => {
    server.off('error', failed);
    resolve();
  });
  return promise;
}

function sentence({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop what listens there, or choose another port (0 takes any free one).`;
  if (code === 'EACCES')
    return `Port ${port} on ${host} needs more rights than this process has: choose one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine: choose another host.`;
  return `Cannot listen on ${host}:${port}: ${message}`;
}

async function close(server: Server, trickle: Trickle): Promise<void> {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await trickle.stop();
  server.closeAllConnections();
  await gone;
}

const joined = (basePath: string): string => `/${basePath}/`.replace(/\/+/g, '/');

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

function warn(message: string): void {
  process.stderr.write(`${message}\n`);
}
