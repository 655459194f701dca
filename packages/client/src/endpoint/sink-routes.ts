/** What a sink refused for ever: to be looked at, and sent again. */
import { TrickleError } from '@runnel/protocol';
import type { Hono } from 'hono';
import { z } from 'zod';
import type { DeadLetter } from '../journal/dead-letter.ts';
import type { Relay } from '../relay.ts';
import type { DeadEntry, DeadPage, ReplayAnswer } from './wire.ts';

const MOST_LETTERS = 50;
const number = z.coerce.number().int().positive().safe();
const pageQuery = z.object({ before: number.optional(), limit: number.max(MOST_LETTERS).default(MOST_LETTERS) });
const replayBody = z.union([
  z.strictObject({ number: z.number().int().positive().safe() }),
  z.strictObject({ all: z.literal(true) }),
]);

export function sinkRoutes(app: Hono, relay: Relay): void {
  app.get('/sinks/:name/dead', (c) => {
    const { data: query } = pageQuery.safeParse(c.req.query());
    if (!query) return c.text(`before is a number, and limit one from 1 to ${MOST_LETTERS}\n`, 400);
    const page = relay.deadPage(c.req.param('name'), query.before, query.limit);
    if (!page) return c.text('There is no such sink\n', 404);
    return c.json({ ...page, letters: page.letters.map(entry) } satisfies DeadPage);
  });

  app.post('/sinks/:name/replay', async (c) => {
    const sink = c.req.param('name');
    const { data: body } = replayBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body) return c.text('The body is {"number": <of a dead letter>} or {"all": true}\n', 400);
    if (!relay.deadPage(sink, undefined, 1)) return c.text('There is no such sink\n', 404);
    try {
      const which = 'number' in body ? { entry: body.number } : {};
      const id = relay.errands.ask({ kind: 'replay_dead', sink, ...which });
      return c.json({ id } satisfies ReplayAnswer, 202);
    } catch (error) {
      if (!(error instanceof TrickleError)) throw error;
      return c.text(`${error.message}\n`, 503);
    }
  });
}

function entry({ entry: number, envelope, reason, at, status, response }: DeadLetter): DeadEntry {
  const { session, id, receivedAt, bytes } = envelope;
  const event = new TextDecoder().decode(bytes);
  return { number, session, id, reason, at, receivedAt, status, response, event };
}
