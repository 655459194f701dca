/**
 * Pages of other sites, where nobody said that any may use the server. A browser keeps answers from them, but sends their plain POST without asking, which would have been a segment. It
 * marks what it sends, and no page can take the mark off; programs send none.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core } from './core.ts';
import { turnAway } from './exchange.ts';
import { refused } from './heads.ts';
import { Raw } from './raw.ts';

const FORBIDDEN = refused(403, 'Pages of other sites may not use this server');

/** Answers what such a page asks for, and returns whether it was one. A link that leads here may be followed from anywhere. */
export function strangerAtTheDoor(core: Core): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  return (incoming, outgoing) => {
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = incoming.headers;
    if (site !== 'cross-site' && site !== 'same-site') return false;
    if (mode === 'navigate' && incoming.method === 'GET') return false;
    turnAway(core, new Raw(core, incoming, outgoing), FORBIDDEN, 'stranger');
    return true;
  };
}
