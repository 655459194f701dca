/** `_changes`: which channels come and go, one JSON object a segment. PROTOCOL.md section 5. */
import { CHANGES } from '@runnel/protocol';
import type { Channels, Watcher } from './hub.ts';
import { Writer } from './writer.ts';

/** A watcher that writes what it is told to the channel `_changes` of `channels`, which it creates. */
export function changefeed(channels: () => Channels): Watcher {
  return (change, name) => {
    const feed = channels().create(CHANGES, 'application/json');
    const segment = feed.prepare(feed.head);
    const writer = new Writer(feed, segment, { inlet: () => silent });
    writer.push(Buffer.from(JSON.stringify({ [change]: [name] })));
    writer.end();
  };
}

/** The server writes to itself: nobody is to be held back or answered. */
const silent = { pause() {}, resume() {}, provisional() {}, answer() {} };
