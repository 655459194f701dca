/** A server on a loopback socket that does what a test tells it: right, wrong, or dying. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Exchange {
  readonly method: string;
  /** The path below the channel: `next`, a seq, or empty. */
  readonly part: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly req: http.IncomingMessage;
  readonly res: http.ServerResponse;
  /** What has come of the body so far. */
  readonly received: () => string;
  /** Resolves with the whole body; rejects when the connection breaks. */
  readonly body: () => Promise<string>;
  /** Resolves when the body has at least this many bytes. */
  readonly bytes: (count: number) => Promise<void>;
  readonly answer: (status: number, headers?: http.OutgoingHttpHeaders, body?: string) => void;
  /** Breaks the connection. */
  readonly cut: () => void;
}

export interface ScriptedServer {
  /** The channel's URL. */
  readonly url: string;
  readonly port: number;
  /** `METHOD part` of every request so far. */
  readonly log: string[];
  readonly exchanges: Exchange[];
  /** Resolves with the `count`-th request whose log line this is (from 1). */
  seen(line: string, count?: number): Promise<Exchange>;
  /** Breaks every connection and stops listening. */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  revive(): Promise<void>;
}

export type Script = (exchange: Exchange) => unknown;

/** Listens until the test is over. A script that throws or rejects because its connection broke is left alone. */
export async function scripted(script: Script): Promise<ScriptedServer> {
  const log: string[] = [];
  const exchanges: Exchange[] = [];
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, async (req, res) => {
    const exchange = toExchange(req, res);
    exchanges.push(exchange);
    log.push(lineOf(exchange));
    for (const wake of waiting.splice(0)) wake();
    try {
      await script(exchange);
    } catch {
      // Its body was cut: the test sees the effect.
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(kill);
  return {
    url: `http://127.0.0.1:${port}/c`,
    port,
    log,
    exchanges,
    async seen(line, count = 1) {
      for (;;) {
        const found = exchanges.filter((exchange) => lineOf(exchange) === line)[count - 1];
        if (found) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    kill,
    revive: () => listen(port),
  };
}

const lineOf = ({ method, part }: Exchange) => `${method} ${part}`;

function toExchange(req: http.IncomingMessage, res: http.ServerResponse): Exchange {
  let received = '';
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const each of waiting.splice(0)) each();
  };
  req.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    wake();
  });
  req.on('close', wake).on('error', () => {});
  const until = async (done: () => boolean) => {
    while (!done()) {
      if (req.destroyed && !req.complete) throw new Error('The request was cut');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  req.on('end', wake);
  return {
    method: req.method ?? '',
    part: (req.url ?? '').split('/').slice(2).join('/'),
    headers: req.headers,
    req,
    res,
    received: () => received,
    async body() {
      await until(() => req.complete);
      return received;
    },
    bytes: (count) => until(() => received.length >= count),
    answer: (status, headers = {}, body = '') => void res.writeHead(status, headers).end(body),
    cut: () => void req.socket.destroy(),
  };
}

/** Resolves once `check` holds, looking again whenever the event loop comes round. The test's own time-out is the deadline. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 2));
}
