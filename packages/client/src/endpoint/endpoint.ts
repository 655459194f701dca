/** What a relay shows over HTTP, and what may be asked of it there: its figures for programs, its page and what that needs for people. */
import { TrickleError } from '@runnel/protocol';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Relay } from '../relay.ts';
import { channelRoutes } from './channel-routes.ts';
import { consentRoutes } from './consent-routes.ts';
import { consoleRoutes } from './console-routes.ts';
import { controlRoutes } from './control-routes.ts';
import { feedRoutes } from './feed-routes.ts';
import { tokenNeeded } from './guard.ts';
import { securityHeaders } from './headers.ts';
import { loginRoutes } from './login.ts';
import { sinkRoutes } from './sink-routes.ts';
import { checkToken, newToken } from './token.ts';
import { WrongTokens } from './wrong-tokens.ts';

export interface EndpointOptions {
  /** The folder of the console, `@runnel/console`'s `dist`: its page is at `/`. Default: no page. */
  readonly console?: string | undefined;
  /** What pages, and where `open` everybody, must show. Default: a random one. */
  readonly token?: string | undefined;
  /** Whether others than the programs of this machine can reach it: then every request needs the token. Default false: it answers to 127.0.0.1, localhost and ::1 alone. */
  readonly open?: boolean;
  /** What the page calls this relay. Default: the machine's name. */
  readonly name?: string | undefined;
}

/** No request has more to say. */
const MOST_BYTES = 256 * 1024;

/**
 * `/status` (JSON), `/metrics` (Prometheus), `/logs/tail?lines=` (text, default 100, at most 1,000), `/healthz`; `/feed`, `/channels`, `/sinks/:name/dead` and `/replay`,
 * `/sessions/:id/control`, as `wire.ts` says; and where the relay asks for consent `/consent` (the users, one a line) and PUT and DELETE of `/consent/<user>`. A page's request that changes something
 * needs `X-Runnel-Token`; on an `open` endpoint every request needs the token, and an address that showed ten different wrong ones is answered 429 for the rest of a minute. A Hono app, to be mounted or served; `serveRelay` serves it.
 * Throws TrickleError `invalid` for a token that is too short.
 */
export function createEndpoint(relay: Relay, options: EndpointOptions = {}): Hono {
  const { token = newToken(), open = false, name, console: folder } = options;
  checkToken(token);
  const app = new Hono();
  app.use(securityHeaders(new URL(relay.url).origin));
  app.use(bodyLimit({ maxSize: MOST_BYTES, onError: (c) => c.text('That is too large\n', 413) }));
  const wrong = new WrongTokens(relay.clock);
  if (open) loginRoutes(app, token, wrong);
  app.use(tokenNeeded(token, open, wrong));
  textRoutes(app, relay);
  feedRoutes(app, relay, name);
  channelRoutes(app, relay);
  sinkRoutes(app, relay);
  controlRoutes(app, relay);
  if (relay.consent) consentRoutes(app, relay.consent);
  if (folder !== undefined) consoleRoutes(app, folder, token);
  app.notFound((c) => c.text('Not found. There are /status, /metrics, /logs/tail?lines=100 and /healthz.\n', 404));
  app.onError((error, c) =>
    error instanceof TrickleError && error.code === 'invalid'
      ? c.text(`${error.message}\n`, 400)
      : c.text('That could not be done\n', 500),
  );
  return app;
}

function textRoutes(app: Hono, relay: Relay): void {
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
}
