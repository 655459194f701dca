/**
 * Answers that are written to the Node response itself, past Hono. HOUSE decision 2.
 *
 * A handler that claims its response returns one that @hono/node-server leaves alone, as long as no middleware makes a new Response of
 * it. So claimed responses are remembered, and {@link answerRaw} answers for them on the outside.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import type { Head } from './heads.ts';

const ALREADY_SENT = 'x-hono-already-sent';
const claimed = new WeakSet<object>();

// The adapter's own Response class, if it made this one, would be answered from its cache; asking for the body takes it out of there.
void RESPONSE_ALREADY_SENT.body;

/** A request and its response on Node, taken out of Hono's hands. */
export interface Raw {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Writes status and headers: `head`'s, and what middleware has set so far. */
  writeHead(head: Head, more?: Readonly<Record<string, string>>): void;
  /** What the handler returns. */
  response(): Response;
}

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Claims the Node response of `c`; undefined where there is none, as in process. `note` is told the status when the head is written. */
export function claim(c: Context, note: (status: number) => void): Raw | undefined {
  const env = c.env as Partial<NodeBindings> | undefined;
  if (!env?.incoming || !(env.outgoing instanceof ServerResponse)) return undefined;
  const { incoming, outgoing } = env as NodeBindings;
  claimed.add(outgoing);
  // Where middleware came first, it may read and change what the handler returns, so that must not be the shared object.
  const alone = c.req.routeIndex === 0;
  return {
    incoming,
    outgoing,
    writeHead({ status, headers }, more) {
      note(status);
      outgoing.writeHead(status, { ...(alone ? undefined : fromMiddleware(c, headers)), ...headers, ...more });
    },
    response: () =>
      alone
        ? RESPONSE_ALREADY_SENT
        : new Response(null, {
            status: outgoing.headersSent ? outgoing.statusCode : 200,
            headers: { [ALREADY_SENT]: 'true' },
          }),
  };
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
