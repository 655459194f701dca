/** One request and the answer to it, wherever it comes from: Node, or a web Request. */
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type { Core } from './core.ts';
import type { RefusalReason } from './counters.ts';
import { closing, type Head } from './heads.ts';
import { nodeInlet } from './node-inlet.ts';
import { NodeOutlet } from './node-outlet.ts';
import { claim } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';
import { webInlet } from './web-inlet.ts';
import { webOutlet } from './web-outlet.ts';
import type { Inlet, InletEvents } from './writer.ts';

export type Answer = Response | Promise<Response>;

export interface Exchange {
  inlet(events: InletEvents): Inlet;
  outlet(events: OutletEvents): Outlet;
  /** What the handler returns: settled by what is done with the inlet or outlet. */
  response(): Answer;
}

/** Takes the request out of Hono's hands: from here on it must be answered through the inlet or the outlet. */
export function exchange(core: Core, c: Context): Exchange {
  const note = recorder(core, c.req.method);
  const raw = claim(c, note);
  if (raw) {
    return {
      inlet: (events) => nodeInlet(core, raw, events),
      outlet: (events) => new NodeOutlet(raw, events),
      response: () => raw.response(),
    };
  }
  const { promise, resolve } = Promise.withResolvers<Response>();
  const answer = (response: Response) => {
    note(response.status);
    resolve(response);
  };
  return {
    inlet: (events) => webInlet(c.req.raw, answer, events),
    outlet: (events) => webOutlet(answer, c.req.raw.signal, events),
    response: () => promise,
  };
}

/** Answers a segment POST at once, its body unread. */
export function turnAway(core: Core, c: Context, head: Head, reason: RefusalReason): Answer {
  core.counters.refusals.add(reason);
  const { inlet, response } = exchange(core, c);
  const push = (chunk: Buffer) => {
    core.counters.discardedBytes += chunk.length;
  };
  inlet({ push, end() {}, die() {} }).answer(closing(head), true);
  return response();
}

/** Answers a GET without attaching it to a segment. */
export function tell(core: Core, c: Context, head: Head, reason?: RefusalReason): Answer {
  if (reason) core.counters.refusals.add(reason);
  const { outlet, response } = exchange(core, c);
  const answer = outlet({ drained() {}, gone() {} });
  answer.start(head);
  answer.end();
  return response();
}

/** Answers the Hono way: for all that carries no segment. */
export function respond(core: Core, c: Context, { status, text, headers }: Head, reason?: RefusalReason): Response {
  if (reason) core.counters.refusals.add(reason);
  recorder(core, c.req.method)(status);
  return c.newResponse(text ?? null, status as StatusCode, headers);
}

/** Notes status and duration where the head is written: middleware sees only that the handler returned. */
function recorder({ clock, counters }: Core, method: string): (status: number) => void {
  const since = clock.now();
  return (status) => {
    counters.answers.add(`${method} ${status}`);
    counters.answerMs.add(method, clock.now() - since);
  };
}
