/**
 * Answers that are written to the Node response itself, past Hono. HOUSE decision 2.
 *
 * A handler that claims its response returns one that @hono/node-server leaves alone, as long as no middleware makes a new Response of
 * it. So claimed responses are remembered, and {@link answerRaw} answers for them on the outside.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { answered, type Core } from './core.ts';
import type { Exchange } from './exchange.ts';
import type { Head } from './heads.ts';
import { nodeInlet } from './node-inlet.ts';
import { NodeOutlet } from './node-outlet.ts';
import type { Outlet, OutletEvents } from './reader.ts';
import type { Inlet, InletEvents } from './writer.ts';

const ALREADY_SENT = 'x-hono-already-sent';
const claimed = new WeakSet<object>();

// The adapter's own Response class, if it made this one, would be answered from its cache; asking for the body takes it out of there.
void RESPONSE_ALREADY_SENT.body;

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Claims the Node response of `c`; undefined where there is none, as in process. */
export function claim(core: Core, c: Context): Raw | undefined {
  const env = c.env as Partial<NodeBindings> | undefined;
  if (!env?.incoming || !(env.outgoing instanceof ServerResponse)) return undefined;
  claimed.add(env.outgoing);
  // A request may wait for hours, so it holds no more than it needs.
  const hasMiddleware = c.req.routeIndex > 0;
  // Headers that middleware set with `c.header` before the handler ran are kept beyond it only once `c.res` has been read; an answer that waits has its head written later.
  if (hasMiddleware) void c.res;
  return new Raw(core, env.incoming, env.outgoing, hasMiddleware ? c : undefined);
}

/** A request and its response on Node, out of Hono's hands. */
export class Raw implements Exchange {
  readonly core: Core;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  #since: number;
  #context: Context | undefined;

  constructor(core: Core, incoming: IncomingMessage, outgoing: ServerResponse, context?: Context) {
    this.core = core;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.#since = core.clock.now();
    this.#context = context;
  }

  header(name: string): string | undefined {
    return this.incoming.headers[name.toLowerCase()] as string | undefined;
  }

  inlet(events: InletEvents): Inlet {
    return nodeInlet(this, events);
  }

  outlet(events: OutletEvents): Outlet {
    return new NodeOutlet(this, events);
  }

  /** Writes status and headers: `head`'s, and what middleware has set so far. */
  writeHead({ status, headers }: Head, more?: Readonly<Record<string, string>>): void {
    answered(this.core, this.incoming.method ?? '', status, this.#since);
    const theirs = this.#context && fromMiddleware(this.#context, headers);
    this.outgoing.writeHead(status, { ...theirs, ...headers, ...more });
  }

  /** What the handler returns. Where middleware came first, it may read and change that, so it must not be the shared object. */
  response(): Response {
    if (!this.#context) return RESPONSE_ALREADY_SENT;
    const status = this.outgoing.headersSent ? this.outgoing.statusCode : 200;
    return new Response(null, { status, headers: { [ALREADY_SENT]: 'true' } });
  }
}

/** Headers that middleware put on the answer and `own` does not set. */
function fromMiddleware(c: Context, own: Head['headers']): Record<string, string | string[]> {
  const ours = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const theirs: Record<string, string | string[]> = {};
  for (const [name, value] of c.res.headers) {
    if (name !== ALREADY_SENT && !ours.has(name)) theirs[name] = value;
  }
  const cookies = c.res.headers.getSetCookie();
  if (cookies.length > 0) theirs['set-cookie'] = cookies;
  return theirs;
}

type Fetch<Env> = (request: Request, env: Env) => Response | Promise<Response>;

/**
 * Wraps the fetch handler of a Hono app that has a trickle app mounted, before it is given to `serve` or `getRequestListener` of
 * @hono/node-server. Without it, any middleware that touches the response makes the adapter answer a segment request a second time.
 */
export function answerRaw<Env>(fetch: Fetch<Env>): Fetch<Env> {
  return (request, env) => {
    const answer = fetch(request, env);
    return answer instanceof Promise ? answer.then((response) => settle(response, env)) : settle(answer, env);
  };
}

function settle(response: Response, env: unknown): Response {
  const outgoing = (env as Partial<NodeBindings> | undefined)?.outgoing;
  return outgoing && claimed.has(outgoing) ? RESPONSE_ALREADY_SENT : response;
}
