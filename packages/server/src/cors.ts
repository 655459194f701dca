/** Which pages may use the server from a browser. */
import { Header } from '@runnel/protocol';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** How long a browser remembers what it may: a day. */
const REMEMBER_SECONDS = 86_400;

/** Pages of these origins read and write, and see the headers of PROTOCOL.md section 6; `*` is all pages there are. */
export function allowPages(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposeHeaders: Object.values(Header),
    maxAge: REMEMBER_SECONDS,
  });
}
