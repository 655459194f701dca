/** Segments read. PROTOCOL.md sections 3.3 to 3.5. */
import type { Context } from 'hono';
import { type Answer, type Exchange, respond, tell } from './exchange.ts';
import * as heads from './heads.ts';
import { Reader } from './reader.ts';
import type { Service } from './service.ts';

export function next({ core, hub }: Service, c: Context, name: string): Response {
  const channel = hub.get(name);
  return respond(core, c, channel ? heads.next(channel) : heads.streamNotFound);
}

export function subscribe(service: Service, request: Exchange, name: string, asked: number): Answer {
  const { core, hub } = service;
  if (service.stopping) return tell(core, request, heads.stopping, 'stopping');
  const channel = hub.get(name);
  if (!channel) return tell(core, request, heads.streamNotFound);
  const seq = channel.resolve(asked);
  const { kind } = channel.find(seq);
  if (kind === 'outside') return tell(core, request, heads.outside(channel, asked));
  if (kind === 'ended') return tell(core, request, heads.ended(channel, seq));
  if (kind === 'skipped') return tell(core, request, heads.skipped(channel, seq));
  if (core.readers.count >= core.limits.maxReaders)
    return tell(core, request, heads.tooManyReaders, 'too_many_readers');
  new Reader(channel, channel.prepare(seq), request);
  return request.response();
}

/** HEAD: what a GET would be answered now. */
export function peek({ core, hub }: Service, c: Context, name: string, asked: number): Response {
  const channel = hub.get(name);
  if (!channel) return respond(core, c, heads.streamNotFound);
  const seq = channel.resolve(asked);
  const place = channel.find(seq);
  switch (place.kind) {
    case 'segment':
      return respond(core, c, heads.known(channel, place.segment));
    case 'waits':
      return respond(core, c, heads.waits(channel, seq));
    case 'skipped':
      return respond(core, c, heads.skipped(channel, seq));
    case 'ended':
      return respond(core, c, heads.ended(channel, seq));
    case 'outside':
      return respond(core, c, heads.outside(channel, asked));
  }
}
