/** What a browser may do with the answers: run what the relay serves and nothing else, talk to the relay and its server and to nobody else. */
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { secureHeaders } from 'hono/secure-headers';

/** `server` is the origin of the trickle server, which the page reads itself. What a handler says of its own answer stands. */
export function securityHeaders(server: string): MiddlewareHandler {
  return every(
    notKept,
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        connectSrc: ["'self'", server],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      // The endpoint speaks http, and who puts TLS in front of it decides this.
      strictTransportSecurity: false,
      overwrite: false,
    }),
  );
}

/** Session ids are credentials. */
const notKept: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
};
