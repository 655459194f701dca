/** The other side of the generic http sink: a service that reads each request whole and then does as a script says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrived {
  readonly ids: readonly string[];
  /** Each envelope as it came. */
  readonly lines: readonly string[];
  readonly headers: IncomingMessage['headers'];
}

export type Reply =
  /** `after` is called when the answer has left. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly after?: () => void;
    }
  /** No answer, for as long as the client waits for one. */
  | { readonly kind: 'hang' }
  /** The connection is reset. */
  | { readonly kind: 'reset' }
  /** A 200 that breaks off in the middle of its body. */
  | { readonly kind: 'half' };

export interface ScriptedSink {
  readonly url: string;
  /** Requests that were read whole. */
  readonly requests: number;
  close(): Promise<void>;
}

/** What of a request is an event. */
export interface Wire {
  /** The events of a body, as text. */
  readonly linesOf: (body: Buffer, headers: IncomingMessage['headers']) => readonly string[];
  readonly idOf: (line: string) => string;
}

const GENERIC: Wire = { linesOf: (body) => body.toString().split('\n').slice(0, -1), idOf };

/** Listens on loopback; `script` is asked once for each request. The caller closes it. */
export async function scriptedSink(
  script: (arrived: Arrived) => Reply,
  { linesOf, idOf }: Wire = GENERIC,
): Promise<ScriptedSink> {
  let requests = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The client was killed, or gave up, in the middle of its request: nothing has arrived.
    }
    requests++;
    const lines = linesOf(Buffer.concat(chunks), request.headers);
    answer(response, script({ ids: lines.map(idOf), lines, headers: request.headers }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    get requests() {
      return requests;
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function answer(response: ServerResponse, reply: Reply): void {
  response.on('error', () => {}); // The client is gone: it does not hear the answer, which is what is being tried.
  if (reply.kind === 'hang') return;
  if (reply.kind === 'reset') response.socket?.resetAndDestroy();
  else if (reply.kind === 'half') {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"ok":', () => response.destroy());
  } else {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end('{}', reply.after);
  }
}

/** A damaged journal may give an envelope that is no JSON any more; it still counts as what it is. */
function idOf(line: string): string {
  return /^\{"id":"([^"]*)"/.exec(line)?.[1] ?? line;
}
