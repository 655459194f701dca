/** Segments written and closed. PROTOCOL.md sections 3.2 and 3.6. */
import { Header, isReservedName, SEQ_NEXT } from '@runnel/protocol';
import type { Context } from 'hono';
import { admit, unwelcome } from './administer.ts';
import type { Channel } from './channel.ts';
import { type Answer, type Exchange, exchange, respond, turnAway } from './exchange.ts';
import * as heads from './heads.ts';
import type { Service } from './service.ts';
import { Writer } from './writer.ts';

export function publish(service: Service, c: Context, name: string, seq: number): Answer {
  const { core, hub, settings } = service;
  const refused = unwelcome(service, name);
  if (refused) return turnAway(core, exchange(core, c), refused.head, refused.reason);
  const channel = hub.get(name);
  if (channel && !channel.closed) return write(exchange(core, c), channel, seq);
  if (hub.isEnded(name)) return turnAway(core, exchange(core, c), heads.streamEnded, 'ended');
  if (!settings.autocreate) return turnAway(core, exchange(core, c), heads.streamNotFound, 'not_found');
  return publishToNew(service, c, name, seq);
}

async function publishToNew(service: Service, c: Context, name: string, seq: number): Promise<Response> {
  const { core, hub } = service;
  const admitted = await admit(service, c, name, c.req.header('content-type'), () => !hub.isEnded(name));
  if ('reason' in admitted) return turnAway(core, exchange(core, c), admitted.head, admitted.reason);
  return write(exchange(core, c), admitted, seq);
}

/** Writes a segment of an open channel. */
export function write(request: Exchange, channel: Channel, asked: number): Answer {
  const { core } = channel;
  const seq = asked === SEQ_NEXT ? channel.head : asked;
  if (isTooLong(channel, seq, Number(request.header('content-length') ?? 0))) {
    return turnAway(core, request, heads.segmentTooLarge, 'segment_too_large');
  }
  const segment = channel.claim(seq);
  if (!segment) return turnAway(core, request, heads.conflict(channel), 'segment_closed');
  if (request.header(Header.reset)) channel.reset(seq);
  new Writer(channel, segment, request);
  return request.response();
}

/** Whether a body announced as `bytes` long takes the segment over its limit. */
function isTooLong({ core, window }: Channel, seq: number, bytes: number): boolean {
  const segment = window.segments.get(seq);
  const held = segment && !segment.finished ? segment.bytes : 0;
  return held + bytes > core.limits.segmentBytes;
}

export function closeSegment({ core, hub }: Service, c: Context, name: string, seq: number): Response {
  if (isReservedName(name)) return respond(core, c, heads.reservedName, 'reserved_name');
  const channel = hub.get(name);
  if (!channel) return respond(core, c, heads.streamNotFound);
  const segment = channel.window.segments.get(seq);
  if (!segment) return respond(core, c, heads.nonexistentSegment);
  if (!segment.finished) channel.close(segment);
  return respond(core, c, heads.done());
}
