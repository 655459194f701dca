/** A form that takes the token and keeps it in a cookie, for people who come from another machine. */
import type { Context, Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { plainPage } from './plain-page.ts';
import { cookieName, isSame } from './token.ts';
import type { WrongTokens } from './wrong-tokens.ts';

export function loginRoutes(app: Hono, token: string, wrong: WrongTokens): void {
  app.get('/login', (c) => loginPage(c, 200));
  app.post('/login', async (c) => {
    const { token: given } = await c.req.parseBody();
    // Not before the body is there: of many that come at once each would be listened to.
    const refusal = wrong.refusal(c);
    if (refusal) return refusal;
    if (typeof given !== 'string' || !isSame(given.trim(), token)) {
      wrong.add(c, String(given));
      return loginPage(c, 401, 'That is not the token of this relay.');
    }
    // Lax, so that a link from elsewhere opens the page; what changes something needs the page's token besides.
    setCookie(c, cookieName(c), token, { httpOnly: true, sameSite: 'Lax', path: '/' });
    return c.redirect('/', 303);
  });
}

export function loginPage(c: Context, status: 200 | 401, problem?: string): Response | Promise<Response> {
  const body = html`<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Open</button>
</form>
<p role="alert">${problem ?? ''}</p>
<p>The relay printed it when it started.</p>`;
  return plainPage(c, { status, title: 'Runnel', body });
}
