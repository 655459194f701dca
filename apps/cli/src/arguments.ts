/** What may stand on the command line, read once. Each reader throws InvalidArgumentError with a sentence; commander adds which option it was. */
import { isChannelName } from '@runnel/protocol';
import type { SubscribeOptions } from '@runnel/pubsub';
import { InvalidArgumentError } from 'commander';

/** Where the endpoint of `relay` is, and where `control` looks for it, unless they are told. */
export const RELAY_PORT = 7801;
export const RELAY_URL = `http://127.0.0.1:${RELAY_PORT}/`;

/** A server's http or https URL: without a query, and with a slash at its end. */
export function baseUrl(text: string): string {
  const { origin, pathname } = httpUrl(text, 'http://127.0.0.1:7800/');
  return `${origin}${pathname.replace(/\/+$/, '')}/`;
}

/** The http or https URL of a channel: the last part of its path is the name. A query stays, since some servers take a token there. */
export function channelUrlArgument(text: string): string {
  const url = httpUrl(text, 'http://127.0.0.1:7800/NAME');
  const path = url.pathname.replace(/\/+$/, '');
  if (!isChannelName(decoded(path.slice(path.lastIndexOf('/') + 1)))) {
    throw new InvalidArgumentError(`It names no channel; say ${url.origin}/NAME.`);
  }
  return url.origin + path + url.search;
}

function httpUrl(text: string, example: string): URL {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError(`It is no http or https URL; say for example ${example}.`);
  }
  url.hash = '';
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new InvalidArgumentError('Its percent-encoding is not valid.');
  }
}

/** A whole number from 0. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

/** A whole number from 1. */
export function positive(text: string): number {
  const value = count(text);
  if (value === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return value;
}

/** A TCP port; 0 is any free one. */
export function port(text: string): number {
  const value = count(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return value;
}

/** A path to mount the server at: with a slash at both ends. */
export function basePath(text: string): string {
  if (!/^[\w\-.~/]*$/.test(text)) throw new InvalidArgumentError('It must be a path such as /ai/trickle/.');
  return `/${text}/`.replace(/\/+/g, '/');
}

/** The origin of pages, collected over repeated options; `*` is all. */
export function origin(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '*') return [...before, text];
  const { origin: read, href } = httpUrl(text, 'http://127.0.0.1:7801');
  if (href !== `${read}/`) throw new InvalidArgumentError('It must be an origin such as http://127.0.0.1:7801, or *.');
  return [...before, read];
}

export type From = NonNullable<SubscribeOptions['from']>;

/** Where a subscriber begins: a word, a seq, or -N for the N-th segment from the head. */
export function from(text: string): From {
  if (text === 'next' || text === 'current' || text === 'oldest') return text;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(
      'It must be next, current, oldest, a seq, or -N for the N-th segment from the head.',
    );
  }
  if (value === -1) return 'next';
  return value === -2 ? 'current' : value + 0;
}

export interface ChannelToMake {
  readonly name: string;
  readonly mime: string;
}

/** `NAME` or `NAME=MIME`, collected over repeated options. A name may hold a `=`; what follows it then is no media type. */
export function channel(text: string, before: readonly ChannelToMake[] = []): readonly ChannelToMake[] {
  const [, name = text, mime = 'application/octet-stream'] = /^(.*?)=([\w.+-]+\/.+)$/.exec(text) ?? [];
  if (!isChannelName(name)) throw new InvalidArgumentError('It is no channel name.');
  return [...before, { name, mime }];
}

/** `Name: value`, collected over repeated options. */
export function header(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t -~\u0080-\u00ff]*?)\s*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must look like "Name: value".');
  return { ...before, [name]: value };
}
