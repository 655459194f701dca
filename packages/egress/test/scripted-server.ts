/** An HTTP server on loopback that answers as a test tells it to, and keeps what it got. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One answer; or never one, the connection cut, or cut in the middle of the body. */
export type Step =
  | { status: number; headers?: Record<string, string>; body?: string | Uint8Array }
  | 'hang'
  | 'reset'
  | 'half';

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves with the request of that number, counted from 1, once its body is there. */
  request(number: number): Promise<Received>;
  /** The next answers, one a request, or a function that decides for all that come. Afterwards it is 200 with `{}`. */
  script(...steps: Step[]): void;
  answer(decide: ((request: Received) => Step | undefined) | undefined): void;
  /** Stops listening and cuts all connections; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const received: Received[] = [];
  const steps: Step[] = [];
  const sockets = new Set<Socket>();
  let decide: ((request: Received) => Step | undefined) | undefined;
  let came = Promise.withResolvers<void>();
  let port = 0;

  const server = createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    if (!request) return;
    received.push(request);
    came.resolve();
    came = Promise.withResolvers();
    take(decide?.(request) ?? steps.shift() ?? { status: 200 }, outgoing);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const start = async () => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}/path`,
    received,
    async request(number) {
      while (received.length < number) await came.promise;
      return received[number - 1] as Received;
    },
    script: (...more) => void steps.push(...more),
    answer: (given) => {
      decide = given;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    start,
  };
}

/** The request with its body, or undefined if the other side gave up in the middle. */
async function read(incoming: IncomingMessage): Promise<Received | undefined> {
  try {
    const body = await text(incoming);
    return { path: incoming.url ?? '', method: incoming.method ?? '', headers: incoming.headers, body };
  } catch {
    return undefined;
  }
}

function take(step: Step, outgoing: ServerResponse): void {
  if (step === 'hang') return;
  if (step === 'reset') return void outgoing.socket?.resetAndDestroy();
  if (step === 'half') {
    outgoing.writeHead(200, { 'content-length': '100' });
    outgoing.write('{"half":', () => outgoing.socket?.resetAndDestroy());
    return;
  }
  outgoing.writeHead(step.status, step.headers).end(step.body ?? '{}');
}
