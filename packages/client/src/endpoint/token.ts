/** The secret that people and pages show. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';

/** 128 random bits. */
export const newToken = () => randomBytes(16).toString('hex');

/** In constant time, whatever the lengths. */
export function isSame(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Cookies know no ports: without its own in the name, two relays of a machine would take each other's. */
export const cookieName = (c: Context) => `runnel-${new URL(c.req.url).port || '80'}`;
