/** The routes. PROTOCOL.md sections 2 and 3. */
import { CHANNELS, Header, isChannelName, isReservedName, NEXT, parseSeq, TrickleError } from '@runnel/protocol';
import { type Context, Hono } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type { Channel } from './channel.ts';
import type { RefusalReason } from './counters.ts';
import { exchange, recorder, refuse } from './exchange.ts';
import type { Head } from './heads.ts';
import * as heads from './heads.ts';
import type { Hub } from './hub.ts';
import { listing } from './listing.ts';
import { Refusal, type Settings } from './options.ts';
import { Reader } from './reader.ts';
import { socketsRead } from './turns.ts';
import { Writer } from './writer.ts';

const OCTETS = 'application/octet-stream';

export interface Service {
  readonly hub: Hub;
  readonly settings: Settings;
  readonly stopping: boolean;
}

export function createApp(service: Service): Hono {
  const { hub, settings } = service;
  const { core } = hub;

  const app = new Hono();
  app.all('/:channel', onChannel);
  app.all('/:channel/:seq', onSegment);
  app.notFound((c) => respond(c, heads.pageNotFound));
  app.onError((error, c) => {
    console.error(error);
    return respond(c, heads.failed);
  });
  return app;

  function onChannel(c: Context): Response | Promise<Response> {
    const [name] = pathParts(c, 1);
    if (name === undefined || !isChannelName(name)) return malformed(c, heads.invalidName);
    switch (c.req.method) {
      case 'POST':
        return create(c, name);
      case 'DELETE':
        return remove(c, name);
      case 'GET':
      case 'HEAD':
        if (name === CHANNELS) return list(c);
    }
    return respond(c, heads.methodNotAllowed('DELETE, POST'));
  }

  function onSegment(c: Context): Response | Promise<Response> {
    const [name, part] = pathParts(c, 2);
    if (name === undefined || !isChannelName(name)) return malformed(c, heads.invalidName);
    const { method } = c.req;
    const isGet = method === 'GET' || method === 'HEAD';
    if (part === NEXT) return isGet ? next(c, name) : respond(c, heads.methodNotAllowed('GET, HEAD'));
    if (!isGet && method !== 'POST' && method !== 'DELETE') {
      return respond(c, heads.methodNotAllowed('DELETE, GET, HEAD, POST'));
    }
    const seq = part === undefined ? undefined : parseSeq(part);
    if (seq === undefined) return malformed(c, heads.invalidSeq);
    if (method === 'POST') return seq < -1 ? malformed(c, heads.invalidSeq) : publish(c, name, seq);
    if (method === 'DELETE') return closeSegment(c, name, seq);
    return method === 'HEAD' ? peek(c, name, seq) : subscribe(c, name, seq);
  }

  /** 3.1 */
  async function create(c: Context, name: string): Promise<Response> {
    const refusal = unwelcome(name);
    if (refusal) return refused(c, ...refusal);
    const existing = hub.get(name);
    if (existing && !existing.closed) return respond(c, heads.done(existing));
    if (!settings.autocreate) return refused(c, heads.streamNotFound, 'not_found');
    const admitted = await admit(c, name, c.req.header(Header.expectContent));
    return respond(c, 'status' in admitted ? admitted : heads.done(admitted));
  }

  /** 3.2 */
  function publish(c: Context, name: string, seq: number): Response | Promise<Response> {
    const refusal = unwelcome(name);
    if (refusal) return turnAway(c, ...refusal);
    const channel = hub.get(name);
    if (channel && !channel.closed) return write(c, channel, seq);
    if (hub.isEnded(name)) return turnAway(c, heads.streamEnded, 'ended');
    if (!settings.autocreate) return turnAway(c, heads.streamNotFound, 'not_found');
    return publishToNew(c, name, seq);
  }

  async function publishToNew(c: Context, name: string, seq: number): Promise<Response> {
    const admitted = await admit(c, name, c.req.header('content-type'));
    if ('status' in admitted) return refuse(core, exchange(core, c), heads.closing(admitted));
    return write(c, admitted, seq);
  }

  function write(c: Context, channel: Channel, asked: number): Response | Promise<Response> {
    const seq = asked === -1 ? channel.head : asked;
    const segment = channel.claim(seq);
    if (!segment) return turnAway(c, heads.conflict(channel), 'segment_closed');
    if (segment.bytes + Number(c.req.header('content-length') ?? 0) > core.limits.segmentBytes) {
      channel.dropUnused(segment);
      return turnAway(c, heads.segmentTooLarge, 'segment_too_large');
    }
    if (c.req.header(Header.reset)) channel.reset(seq);
    const { inlet, response } = exchange(core, c);
    new Writer(channel, segment, inlet);
    return response();
  }

  /** 3.3 */
  function next(c: Context, name: string): Response {
    const channel = hub.get(name);
    return respond(c, channel ? heads.next(channel) : heads.streamNotFound);
  }

  /** 3.4 */
  function subscribe(c: Context, name: string, asked: number): Response | Promise<Response> {
    const channel = hub.get(name);
    if (service.stopping) return tell(c, heads.stopping, 'stopping');
    if (!channel) return tell(c, heads.streamNotFound);
    const seq = channel.resolve(asked);
    const place = channel.find(seq);
    if (place.kind === 'outside') return tell(c, heads.outside(channel, asked));
    if (place.kind === 'ended') return tell(c, heads.ended(channel, seq));
    if (place.kind === 'skipped') return tell(c, heads.skipped(channel, seq));
    if (core.readers.count >= core.limits.maxReaders) return tell(c, heads.tooManyReaders, 'too_many_readers');
    const { outlet, response } = exchange(core, c);
    new Reader(channel, channel.prepare(seq), outlet);
    return response();
  }

  /** 3.5 */
  function peek(c: Context, name: string, asked: number): Response {
    const channel = hub.get(name);
    if (!channel) return respond(c, heads.streamNotFound);
    const seq = channel.resolve(asked);
    const place = channel.find(seq);
    switch (place.kind) {
      case 'segment':
        if (place.segment.finished) return respond(c, heads.finished(channel, place.segment));
        return respond(c, place.segment.bytes > 0 ? heads.underway(channel, seq) : heads.waits(channel, seq));
      case 'waits':
        return respond(c, heads.waits(channel, seq));
      case 'skipped':
        return respond(c, heads.skipped(channel, seq));
      case 'ended':
        return respond(c, heads.ended(channel, seq));
      case 'outside':
        return respond(c, heads.outside(channel, asked));
    }
  }

  /** 3.6 */
  function closeSegment(c: Context, name: string, seq: number): Response {
    if (isReservedName(name)) return refused(c, heads.reservedName, 'reserved_name');
    const channel = hub.get(name);
    if (!channel) return respond(c, heads.streamNotFound);
    const segment = channel.window.segments.get(seq);
    if (!segment) return respond(c, heads.nonexistentSegment);
    if (!segment.finished) channel.finish(segment, 'closed');
    return respond(c, heads.done());
  }

  /** 3.7 */
  async function remove(c: Context, name: string): Promise<Response> {
    if (isReservedName(name)) return refused(c, heads.reservedName, 'reserved_name');
    const channel = hub.get(name);
    if (!channel || channel.closed) return respond(c, heads.invalidStream);
    const refusal = await policy(settings.beforeDelete, c, name);
    if (refusal) return refused(c, refusal, 'policy');
    await socketsRead(() => channel.bytesIn);
    if (hub.get(name) === channel) hub.delete(name);
    return respond(c, heads.done());
  }

  /** 3.8 */
  function list(c: Context): Response {
    if (!settings.changefeed) return respond(c, heads.pageNotFound);
    return c.json({ channels: listing(hub.list()) });
  }

  /** A new channel, or why there is none. */
  async function admit(c: Context, name: string, mime: string | undefined): Promise<Channel | Head> {
    const refusal = await policy(settings.beforeCreate, c, name);
    if (refusal) return counted(refusal, 'policy');
    if (service.stopping) return counted(heads.stopping, 'stopping');
    try {
      return hub.create(name, mime || OCTETS);
    } catch (error) {
      if (error instanceof TrickleError && error.code === 'refused') {
        return counted(heads.tooManyChannels, 'too_many_channels');
      }
      throw error;
    }
  }

  async function policy(hook: Settings['beforeCreate'], c: Context, name: string): Promise<Head | undefined> {
    try {
      await hook?.(name, c.req.raw.headers);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return heads.refused(error.status, error.message);
      throw error;
    }
  }

  /** Why nothing may be written under this name now. */
  function unwelcome(name: string): [Head, RefusalReason] | undefined {
    if (isReservedName(name)) return [heads.reservedName, 'reserved_name'];
    return service.stopping ? [heads.stopping, 'stopping'] : undefined;
  }

  function counted(head: Head, reason: RefusalReason): Head {
    core.counters.refusals.add(reason);
    return head;
  }

  function refused(c: Context, head: Head, reason: RefusalReason): Response {
    return respond(c, counted(head, reason));
  }

  function malformed(c: Context, head: Head): Response {
    return refused(c, head, 'malformed');
  }

  /** Answers a segment POST at once, its body unread. */
  function turnAway(c: Context, head: Head, reason: RefusalReason): Response | Promise<Response> {
    return refuse(core, exchange(core, c), heads.closing(counted(head, reason)));
  }

  /** Answers a GET without attaching it to a segment. */
  function tell(c: Context, head: Head, reason?: RefusalReason): Response | Promise<Response> {
    if (reason) core.counters.refusals.add(reason);
    const { outlet, response } = exchange(core, c);
    const answer = outlet({ drained() {}, gone() {} });
    answer.start(head);
    answer.end();
    return response();
  }

  function respond(c: Context, { status, text, headers }: Head): Response {
    recorder(core, c.req.method)(status);
    return c.newResponse(text ?? null, status as StatusCode, headers);
  }
}

/** The last `count` parts of the path, percent-decoded once; undefined where the encoding is malformed. */
function pathParts(c: Context, count: number): (string | undefined)[] {
  return c.req.path
    .split('/')
    .slice(-count)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return undefined;
      }
    });
}
