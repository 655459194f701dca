/** Users' grants, where consent is explicit. EGRESS 1.23. */
import type { Hono } from 'hono';
import type { Consent } from '../consent.ts';

export function consentRoutes(app: Hono, consent: Consent): void {
  app.get('/consent', (c) => c.text([...consent.users].map((user) => `${user}\n`).join('')));
  app.put('/consent/:user', (c) => {
    consent.grant(c.req.param('user'));
    return c.body(null, 204);
  });
  app.delete('/consent/:user', (c) => {
    consent.takeBack(c.req.param('user'));
    return c.body(null, 204);
  });
}
