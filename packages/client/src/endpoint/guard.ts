/** Who may ask for what. Programs of this machine may all; a page may change nothing unless the relay served it; whoever comes from elsewhere shows the token. */
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import { loginPage } from './login.ts';
import { cookieName, isSame } from './token.ts';
import type { WrongTokens } from './wrong-tokens.ts';

/** The header with which a page shows the token it was served with. */
const PAGE_TOKEN = 'X-Runnel-Token';

/**
 * `open`: everybody needs the token, as `Authorization: Bearer` or as the cookie that `/login` gives. Otherwise it has to be asked for under a name of this machine's own: a page that had its
 * name re-bound to 127.0.0.1 must read nothing through the user's browser.
 */
export function tokenNeeded(token: string, open: boolean, wrong: WrongTokens): MiddlewareHandler {
  return async (c, next) => {
    if (!open && !isLoopback(new URL(c.req.url).hostname)) return c.text('Wrong host\n', 403);
    if (isElsewhere(c)) return c.text('Pages of others get nothing here\n', 403);
    const bearer = bearerOf(c);
    const cookie = getCookie(c, cookieName(c));
    const refusal = open && (bearer ?? cookie) !== undefined && wrong.refusal(c);
    if (refusal) return refusal;
    const shows = isSame(bearer, token);
    if (open && !shows && !isSame(cookie, token)) {
      if ((bearer ?? cookie) !== undefined) wrong.add(c, JSON.stringify([bearer, cookie]));
      // One that an earlier start of the relay gave would be wrong with every request.
      if (cookie !== undefined) deleteCookie(c, cookieName(c), { path: '/' });
      return unknown(c);
    }
    if (changes(c) && isPage(c) && !shows && !isSame(c.req.header(PAGE_TOKEN), token))
      return c.text('A page needs the token of this relay for that: reload it\n', 403);
    return next();
  };
}

/** Such a page could not read the answer, but hold a feed open, or see by the time it takes what there is. A link to the console is followed from anywhere. */
const isElsewhere = ({ req }: Context) =>
  /^(cross|same)-site$/.test(req.header('Sec-Fetch-Site') ?? '') && req.header('Sec-Fetch-Mode') !== 'navigate';

/** Whether only programs of this machine reach what has that name or address. */
export const isLoopback = (host: string) => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);

const bearerOf = (c: Context) => /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1];

const changes = ({ req }: Context) => req.method !== 'GET' && req.method !== 'HEAD';

/** Browsers send one of these with every request of a page that changes something, and no page can leave them out. */
const isPage = ({ req }: Context) => req.header('Origin') !== undefined || req.header('Sec-Fetch-Site') !== undefined;

function unknown(c: Context): Response | Promise<Response> {
  const isPerson = c.req.method === 'GET' && (c.req.header('Accept') ?? '').includes('text/html');
  if (isPerson) return loginPage(c, 401);
  c.header('WWW-Authenticate', 'Bearer');
  return c.text('The token is needed, as "Authorization: Bearer ..." or by /login\n', 401);
}
