/** One request for a segment and the answer to it, wherever it comes from: Node, or a web Request. */
import type { Context } from 'hono';
import type { Core } from './core.ts';
import type { Head } from './heads.ts';
import { nodeInlet } from './node-inlet.ts';
import { nodeOutlet } from './node-outlet.ts';
import { claim } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';
import { webInlet } from './web-inlet.ts';
import { webOutlet } from './web-outlet.ts';
import type { Inlet, InletEvents } from './writer.ts';

export interface Exchange {
  inlet(events: InletEvents): Inlet;
  outlet(events: OutletEvents): Outlet;
  /** What the handler returns: settled by what is done with the inlet or outlet. */
  response(): Response | Promise<Response>;
}

/** Takes the request out of Hono's hands: from here on it must be answered through the inlet or the outlet. */
export function exchange(core: Core, c: Context): Exchange {
  const note = recorder(core, c.req.method);
  const raw = claim(c);
  if (raw) {
    const { incoming, outgoing, response } = raw;
    const writeHead: typeof raw.writeHead = (head, more) => {
      note(head.status);
      raw.writeHead(head, more);
    };
    const noted = { incoming, outgoing, writeHead, response };
    return {
      inlet: (events) => nodeInlet(core, noted, events),
      outlet: (events) => nodeOutlet(noted, events),
      response,
    };
  }
  const { promise, resolve } = Promise.withResolvers<Response>();
  const answered = (response: Response) => {
    note(response.status);
    resolve(response);
  };
  return {
    inlet: (events) => webInlet(c.req.raw, answered, events),
    outlet: (events) => webOutlet(answered, c.req.raw.signal, events),
    response: () => promise,
  };
}

/** Notes status and duration where the head is written: middleware sees only that the handler returned. */
export function recorder({ clock, counters }: Core, method: string): (status: number) => void {
  const since = clock.now();
  return (status) => {
    counters.answers.add(`${method} ${status}`);
    counters.answerMs.add(method, clock.now() - since);
  };
}

/** Answers a POST whose body is of no use. */
export function refuse(core: Core, { inlet, response }: Exchange, head: Head): Response | Promise<Response> {
  const discard = (chunk: Buffer) => {
    core.counters.discardedBytes += chunk.length;
  };
  inlet({ push: discard, end() {}, die() {} }).answer(head, true);
  return response();
}
