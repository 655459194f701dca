/** Channels as a whole: create, close, list. PROTOCOL.md sections 3.1, 3.7 and 3.8. */
import { Header, isReservedName, TrickleError } from '@runnel/protocol';
import type { Context } from 'hono';
import type { Channel } from './channel.ts';
import type { RefusalReason } from './counters.ts';
import { respond } from './exchange.ts';
import * as heads from './heads.ts';
import { listing } from './listing.ts';
import { type PolicyHook, Refusal } from './options.ts';
import type { Service } from './service.ts';
import { socketsRead } from './turns.ts';

const OCTETS = 'application/octet-stream';

/** Why a request is refused: the answer, and how it is counted. */
export interface Refused {
  readonly head: heads.Head;
  readonly reason: RefusalReason;
}

export async function create(service: Service, c: Context, name: string): Promise<Response> {
  const { core, hub, settings } = service;
  const refused = unwelcome(service, name);
  if (refused) return respond(core, c, refused.head, refused.reason);
  const existing = hub.get(name);
  if (existing && !existing.closed) return respond(core, c, heads.done(existing));
  if (!settings.autocreate) return respond(core, c, heads.streamNotFound, 'not_found');
  const admitted = await admit(service, c, name, c.req.header(Header.expectContent));
  if ('reason' in admitted) return respond(core, c, admitted.head, admitted.reason);
  return respond(core, c, heads.done(admitted));
}

export async function remove(service: Service, c: Context, name: string): Promise<Response> {
  const { core, hub, settings } = service;
  if (isReservedName(name)) return respond(core, c, heads.reservedName, 'reserved_name');
  const channel = hub.get(name);
  if (!channel || channel.closed) return respond(core, c, heads.invalidStream);
  const refused = await policy(settings.beforeDelete, c, name);
  if (refused) return respond(core, c, refused.head, refused.reason);
  await socketsRead(core.clock, () => channel.arrivals());
  if (hub.get(name) === channel) hub.delete(name);
  return respond(core, c, heads.done());
}

export function list({ core, hub, settings }: Service, c: Context): Response {
  if (!settings.changefeed) return respond(core, c, heads.pageNotFound);
  return c.json({ channels: listing(hub.list()) });
}

/** Why nothing may be written under this name now. */
export function unwelcome({ stopping }: Service, name: string): Refused | undefined {
  if (isReservedName(name)) return { head: heads.reservedName, reason: 'reserved_name' };
  return stopping ? { head: heads.stopping, reason: 'stopping' } : undefined;
}

/** A new channel, if policy and the limits have nothing against it. `still` is asked after policy, which takes its time. */
export async function admit(
  service: Service,
  c: Context,
  name: string,
  mime: string | undefined,
  still: () => boolean = () => true,
): Promise<Channel | Refused> {
  const { hub, settings } = service;
  const refused = (await policy(settings.beforeCreate, c, name)) ?? unwelcome(service, name);
  if (refused) return refused;
  if (!still()) return { head: heads.streamEnded, reason: 'ended' };
  try {
    return hub.create(name, mime || OCTETS);
  } catch (error) {
    const code = error instanceof TrickleError ? error.code : undefined;
    if (code === 'refused') return { head: heads.tooManyChannels, reason: 'too_many_channels' };
    // The name was looked at before.
    if (code === 'invalid') return { head: heads.invalidMediaType, reason: 'malformed' };
    throw error;
  }
}

async function policy(hook: PolicyHook | undefined, c: Context, name: string): Promise<Refused | undefined> {
  try {
    await hook?.(name, c.req.raw.headers);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return { head: heads.refused(error.status, error.message), reason: 'policy' };
    // The caller must not learn what failed; whoever runs the server must.
    console.error(error);
    return { head: heads.failed, reason: 'policy_failed' };
  }
}
