/** One request and the answer to it, wherever it comes from: Node, or a web Request. */
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import { answered, type Core } from './core.ts';
import type { RefusalReason } from './counters.ts';
import { closing, type Head } from './heads.ts';
import { claim } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';
import { webInlet } from './web-inlet.ts';
import { webOutlet } from './web-outlet.ts';
import type { Inlet, InletEvents } from './writer.ts';

export type Answer = Response | Promise<Response>;

/** A request for a segment, out of Hono's hands: it must be answered through the inlet or the outlet. */
export interface Exchange {
  header(name: string): string | undefined;
  inlet(events: InletEvents): Inlet;
  outlet(events: OutletEvents): Outlet;
  /** What the handler returns: settled by what is done with the inlet or outlet. */
  response(): Answer;
}

/** Takes the request out of Hono's hands. */
export function exchange(core: Core, c: Context): Exchange {
  return claim(core, c) ?? webExchange(core, c);
}

function webExchange(core: Core, c: Context): Exchange {
  const since = core.clock.now();
  const { promise, resolve } = Promise.withResolvers<Response>();
  const answer = (response: Response) => {
    answered(core, c.req.method, response.status, since);
    resolve(response);
  };
  return {
    header: (name) => c.req.header(name),
    inlet: (events) => webInlet(c.req.raw, answer, events),
    outlet: (events) => webOutlet(answer, c.req.raw.signal, events),
    response: () => promise,
  };
}

/** Answers a segment POST at once, its body unread. */
export function turnAway({ counters }: Core, request: Exchange, head: Head, reason: RefusalReason): Answer {
  counters.refusals.add(reason);
  const push = (chunk: Buffer) => {
    counters.discardedBytes += chunk.length;
  };
  request.inlet({ push, end() {}, die() {} }).answer(closing(head), true);
  return request.response();
}

/** Answers a GET without attaching it to a segment. */
export function tell({ counters }: Core, request: Exchange, head: Head, reason?: RefusalReason): Answer {
  if (reason) counters.refusals.add(reason);
  const answer = request.outlet({ drained() {}, gone() {} });
  answer.start(head);
  answer.end();
  return request.response();
}

/** Answers the Hono way: for all that carries no segment. */
export function respond(core: Core, c: Context, { status, text, headers }: Head, reason?: RefusalReason): Response {
  if (reason) core.counters.refusals.add(reason);
  answered(core, c.req.method, status, core.clock.now());
  return c.newResponse(text ?? null, status as StatusCode, headers);
}
