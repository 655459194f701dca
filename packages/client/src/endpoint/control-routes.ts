/** What is wanted of a session's telemetry, for whoever is not the client itself: the control channel has one publisher. PROTOCOL.md section 8.6. */
import { TrickleError } from '@runnel/protocol';
import type { Hono } from 'hono';
import type { Relay } from '../relay.ts';

const MOST_WAIT_MS = 60_000;

/**
 * `GET /sessions/:id/control`: the status, as JSON. `PUT`: states the body, a whole control state, and answers with the status when `session.control.ask` resolves; `?wait=` is for how
 * many ms at most (default 2,000, at most 60,000). 404: no such session is open. 400: no state, or no wait; the text says why. 409: the session is a stderr's, and has no
 * control channel, or another state was asked for before the answer came. 503: it was closed meanwhile.
 */
export function controlRoutes(app: Hono, relay: Relay): void {
  const path = '/sessions/:id/control';
  app.get(path, (c) => {
    const session = relay.sessions.get(c.req.param('id'));
    return session ? c.json(session.control.status) : c.text(`no session ${c.req.param('id')} is open\n`, 404);
  });
  app.put(path, async (c) => {
    const waitMs = Number(c.req.query('wait') ?? '2000');
    if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > MOST_WAIT_MS)
      return c.text(`wait is a whole number of ms, at most ${MOST_WAIT_MS}\n`, 400);
    const state = await c.req.json().catch(() => undefined);
    if (state === undefined) return c.text('The body is no JSON\n', 400);
    try {
      return c.json(await relay.control(c.req.param('id'), state, { waitMs }));
    } catch (error) {
      if (!(error instanceof TrickleError)) throw error;
      return c.text(`${error.message}\n`, statuses[error.code as keyof typeof statuses] ?? 500);
    }
  });
}

const statuses = { not_found: 404, invalid: 400, refused: 409, conflict: 409, aborted: 503 } as const;
