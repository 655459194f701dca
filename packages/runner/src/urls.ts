/** Where a session's channels are. PROTOCOL.md section 8. */
import { channelUrl, sessionChannels, TrickleError } from '@runnel/protocol';

/** The channels of a session as URLs; undefined where none is known. */
export interface SessionUrls {
  readonly events: string | undefined;
  readonly control: string | undefined;
  readonly out: string | undefined;
}

export interface Addresses {
  readonly session: string;
  /** The server's base URL; the channels' names are made from the session's id. */
  readonly url?: string | undefined;
  /** A channel's own URL, taken as it is. */
  readonly eventsUrl?: string | undefined;
  readonly controlUrl?: string | undefined;
  readonly outUrl?: string | undefined;
}

/** The URLs of a session's channels: each as it was given, else below `url`. Throws TrickleError `invalid` if one is no http(s) URL. */
export function sessionUrls({ session, url, eventsUrl, controlUrl, outUrl }: Addresses): SessionUrls {
  if (session === '') throw new TrickleError('invalid', 'a session id must not be empty');
  const names = sessionChannels(session);
  const below = (name: string) => (url === undefined ? undefined : channelUrl(checked(url), name));
  return {
    events: eventsUrl === undefined ? below(names.events) : checked(eventsUrl),
    control: controlUrl === undefined ? below(names.control) : checked(controlUrl),
    out: outUrl === undefined ? below(names.out) : checked(outUrl),
  };
}

function checked(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new TrickleError('invalid', `not an http(s) URL: ${url}`);
  return url;
}
