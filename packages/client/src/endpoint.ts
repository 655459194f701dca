/** What a relay shows over HTTP. All of it is for reading, but for users' grants where consent is explicit. */
import { TrickleError } from '@runnel/protocol';
import { Hono } from 'hono';
import type { Consent } from './consent.ts';
import { controlRoutes } from './endpoint/control-routes.ts';
import type { Relay } from './relay.ts';

/**
 * `/status` (JSON), `/metrics` (Prometheus), `/logs/tail?lines=` (text, default 100, at most 1,000) and `/healthz`.
 * Where the relay asks for consent also `/consent` (the users, one a line) and PUT and DELETE of `/consent/<user>`. A Hono app, to be mounted or served; `serveRelay` serves it.
 */
export function createEndpoint(relay: Relay): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/status', (c) => c.json(relay.status()));
  app.get('/metrics', async (c) =>
    c.body(await relay.metrics(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get('/logs/tail', (c) => {
    const asked = c.req.query('lines') ?? '100';
    if (!/^[1-9]\d{0,3}$/.test(asked) || Number(asked) > 1000) return c.text('lines is a number from 1 to 1000\n', 400);
    return c.text(
      relay.tail
        .last(Number(asked))
        .map((line) => `${line}\n`)
        .join(''),
    );
  });
  controlRoutes(app, relay);
  const { consent } = relay;
  if (consent) consentRoutes(app, consent);
  app.notFound((c) => c.text('Not found. There are /status, /metrics, /logs/tail?lines=100 and /healthz.\n', 404));
  return app;
}

/** No page can send these: without CORS headers in an answer to it, a browser's preflight ends a PUT or DELETE from elsewhere. */
function consentRoutes(app: Hono, consent: Consent): void {
  app.get('/consent', (c) => c.text([...consent.users].map((user) => `${user}\n`).join('')));
  app.put('/consent/:user', (c) => {
    consent.grant(c.req.param('user'));
    return c.body(null, 204);
  });
  app.delete('/consent/:user', (c) => {
    consent.takeBack(c.req.param('user'));
    return c.body(null, 204);
  });
  app.onError((error, c) =>
    error instanceof TrickleError && error.code === 'invalid'
      ? c.text(`${error.message}\n`, 400)
      : c.text('The grant could not be written to its file\n', 500),
  );
}
