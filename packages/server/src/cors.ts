/** Which pages may use the server from a browser. */
import { Header } from '@runnel/protocol';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** How long a browser remembers what it may: a day. */
const REMEMBER_SECONDS = 86_400;
/** What a subscriber reads beyond what browsers show anyway. */
const SEEN = [...Object.values(Header), 'Retry-After'].join(',');

/**
 * Pages of these origins read and write, and see the headers of PROTOCOL.md section 6; `*` is all pages there are. To others every request is refused: a browser keeps answers from a page
 * that has no leave, but sends its plain POST, which would have been a segment.
 */
export function allowPages(origins: readonly string[]): MiddlewareHandler {
  const all = origins.includes('*');
  const always = forAll(origins);
  const preflight = cors({
    origin: all ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    maxAge: REMEMBER_SECONDS,
  });
  return async (c, next) => {
    const origin = c.req.header('Origin');
    // A segment's head is written while the others are asked, so all of this comes before them.
    for (const [name, value] of Object.entries(always)) c.header(name, value);
    if (origin === undefined) return next();
    if (!all && !origins.includes(origin)) return c.text('Pages of that origin may not use this server\n', 403);
    if (c.req.method === 'OPTIONS') return preflight(c, next);
    c.header('Access-Control-Allow-Origin', all ? '*' : origin);
    c.header('Access-Control-Expose-Headers', SEEN);
    return next();
  };
}

/** What every answer carries, to programs as well: what is kept for one origin is not for another. */
export const forAll = (origins: readonly string[]): Record<string, string> =>
  origins.length === 0 || origins.includes('*') ? {} : { Vary: 'Origin' };
