/** The secret that people and pages show. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TrickleError } from '@runnel/protocol';
import type { Context } from 'hono';

/** What goes into a header and a page as it is, and is not guessed. RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]{16,}=*$/;

/** Throws TrickleError `invalid` for what can be no token. */
export function checkToken(token: string): void {
  if (!TOKEN.test(token))
    throw new TrickleError(
      'invalid',
      "The token of the relay's endpoint has at least 16 letters, digits or any of ._~+/-",
    );
}

/** 128 random bits. */
export const newToken = () => randomBytes(16).toString('hex');

/** In constant time, whatever the lengths. */
export function isSame(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Cookies know no ports: without its own in the name, two relays of a machine would take each other's. */
export const cookieName = (c: Context) => `runnel-${new URL(c.req.url).port || '80'}`;
