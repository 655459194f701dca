/** The routes. PROTOCOL.md section 2. */
import { CHANNELS, isChannelName, NEXT, parseSeq, SEQ_NEXT } from '@runnel/protocol';
import { type Context, Hono } from 'hono';
import { create, list, remove } from './administer.ts';
import { type Answer, exchange, respond } from './exchange.ts';
import * as heads from './heads.ts';
import { closeSegment, publish } from './publish.ts';
import type { Service } from './service.ts';
import { next, peek, subscribe } from './subscribe.ts';

export function createApp(service: Service): Hono {
  const app = new Hono();
  app.all('/:channel', (c) => onChannel(service, c));
  app.all('/:channel/:seq', (c) => onSegment(service, c));
  app.notFound((c) => respond(service.core, c, heads.pageNotFound));
  return app;
}

function onChannel(service: Service, c: Context): Answer {
  const { core } = service;
  const [name] = pathParts(c, 1);
  if (name === undefined || !isChannelName(name)) return respond(core, c, heads.invalidName, 'malformed');
  const { method } = c.req;
  if (method === 'POST') return create(service, c, name);
  if (method === 'DELETE') return remove(service, c, name);
  if (name === CHANNELS && isRead(method)) return list(service, c);
  return respond(core, c, heads.methodNotAllowed('DELETE, POST'));
}

function onSegment(service: Service, c: Context): Answer {
  const { core } = service;
  const [name, part] = pathParts(c, 2);
  if (name === undefined || !isChannelName(name)) return respond(core, c, heads.invalidName, 'malformed');
  const { method } = c.req;
  if (part === NEXT) {
    return isRead(method) ? next(service, c, name) : respond(core, c, heads.methodNotAllowed('GET, HEAD'));
  }
  if (!isRead(method) && method !== 'POST' && method !== 'DELETE') {
    return respond(core, c, heads.methodNotAllowed('DELETE, GET, HEAD, POST'));
  }
  const seq = part === undefined ? undefined : parseSeq(part);
  if (seq === undefined || (method === 'POST' && seq < SEQ_NEXT))
    return respond(core, c, heads.invalidSeq, 'malformed');
  if (method === 'POST') return publish(service, c, name, seq);
  if (method === 'DELETE') return closeSegment(service, c, name, seq);
  return method === 'HEAD' ? peek(service, c, name, seq) : subscribe(service, exchange(core, c), name, seq);
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

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
