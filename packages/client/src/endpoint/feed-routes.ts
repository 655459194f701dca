/** The feed over HTTP. */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Relay } from '../relay.ts';
import { Feed } from './feed.ts';

const HEADERS = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store, no-transform' };

export function feedRoutes(app: Hono, relay: Relay, name: string | undefined): void {
  const feed = new Feed(relay, name);
  app.get('/feed', (c) => {
    // Hono answers it as a GET without the body, whose place nobody would give back.
    if (c.req.method === 'HEAD') return c.body(null, 200, HEADERS);
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    // An error in the stream would end it as well, and be printed.
    const events = feed.open(outgoing && (() => outgoing.destroy()));
    if (!events) return c.text('Too many look already\n', 503, { 'Retry-After': '5' });
    return c.body(events, 200, HEADERS);
  });
}
