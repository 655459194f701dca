/** A runner's options from its environment. */
import { TrickleError } from '@runnel/protocol';
import { z } from 'zod';
import type { Addresses } from './urls.ts';

const address = z.url({ protocol: /^https?$/ }).optional();

const environment = z.object({
  RUNNEL_SESSION: z.string().min(1),
  RUNNEL_URL: address,
  RUNNEL_EVENTS_URL: address,
  RUNNEL_CONTROL_URL: address,
  RUNNEL_OUT_URL: address,
});

/**
 * Reads `RUNNEL_SESSION` (required), `RUNNEL_URL` (the server's base URL), and `RUNNEL_EVENTS_URL`, `RUNNEL_CONTROL_URL`, `RUNNEL_OUT_URL`
 * (channels that are elsewhere). Empty variables count as unset. Without an address the runner's events go nowhere, and are counted.
 * Throws TrickleError `invalid`, naming the variable.
 */
export function runnerFromEnv(env: Readonly<Record<string, string | undefined>>): Addresses {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TrickleError('invalid', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { RUNNEL_SESSION: session, RUNNEL_URL: url, ...urls } = parsed.data;
  return {
    session,
    url,
    eventsUrl: urls.RUNNEL_EVENTS_URL,
    controlUrl: urls.RUNNEL_CONTROL_URL,
    outUrl: urls.RUNNEL_OUT_URL,
  };
}
