/**
 * The short way for segments, past Hono: its routing and its adapter's Request and Response cost half of what Node itself takes for a
 * request, and memory as long as a GET waits. It is taken where nothing is lost by it: the channel is open and its name stands in the path as
 * it is. All else goes the ordinary way, to the same functions.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isReservedName, parseSeq, SEQ_NEXT } from '@runnel/protocol';
import type { Channel } from './channel.ts';
import { write } from './publish.ts';
import { Raw } from './raw.ts';
import type { Service } from './service.ts';
import { subscribe } from './subscribe.ts';

/** Takes a request that can go the short way; false for one that cannot. `basePath` begins and ends with a slash. `headers` are on every answer. */
export function directly(
  service: Service,
  basePath: string,
  headers: Readonly<Record<string, string>>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const { core } = service;
  return (incoming, outgoing) => {
    const { method, url = '' } = incoming;
    if ((method !== 'GET' && method !== 'POST') || !url.startsWith(basePath)) return false;
    const [, name = '', part = ''] = PLAIN.exec(url.slice(basePath.length)) ?? [];
    const channel = openChannel(service, name);
    const seq = parseSeq(part);
    if (!channel || seq === undefined || (method === 'POST' && seq < SEQ_NEXT)) return false;
    for (const name in headers) outgoing.setHeader(name, headers[name] as string);
    const request = new Raw(core, incoming, outgoing);
    if (method === 'POST') write(request, channel, seq);
    else subscribe(service, request, name, seq);
    return true;
  };
}

/** A name that no encoding changes, and a seq. */
const PLAIN = /^([\w.-]+)\/(-?\d+)$/;

function openChannel({ hub, stopping }: Service, name: string): Channel | undefined {
  const channel = stopping || isReservedName(name) ? undefined : hub.get(name);
  return channel?.closed ? undefined : channel;
}
