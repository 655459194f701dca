/** A GET's answer as a Node response: the same Buffer for every reader, one write each. */
import type { IncomingMessage } from 'node:http';
import { Header } from '@runnel/protocol';
import type { Raw } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';

const TRAILER_FIELD = { Trailer: Header.aborted };

export function nodeOutlet({ incoming, outgoing, writeHead }: Raw, events: OutletEvents): Outlet {
  const chunked = incoming.httpVersionMinor > 0;
  let listening = false;
  onGone({ incoming, outgoing }, () => events.gone());
  discardBody(incoming);
  return {
    start(head) {
      writeHead(head, head.trailers && chunked ? TRAILER_FIELD : undefined);
      if (head.text !== undefined) outgoing.write(head.text);
    },
    write(frame) {
      if (outgoing.destroyed || outgoing.write(frame)) return true;
      if (!listening) outgoing.on('drain', () => events.drained());
      listening = true;
      return false;
    },
    end(trailers) {
      if (trailers && chunked) outgoing.addTrailers(trailers);
      outgoing.end();
    },
    cut() {
      outgoing.socket?.destroy();
      outgoing.destroy();
    },
  };
}

/**
 * `close` comes after the last byte was handed to the kernel, and when the far end hangs up. A pipelined response that has no
 * socket yet is not told of the latter.
 */
function onGone({ incoming, outgoing }: Pick<Raw, 'incoming' | 'outgoing'>, gone: () => void): void {
  outgoing.on('close', gone);
  if (!outgoing.socket) incoming.socket.setMaxListeners(0).once('close', gone);
}

/** A GET has no use for a body, but unread it would hide that the far end hung up. */
function discardBody(incoming: IncomingMessage): void {
  if (!('content-length' in incoming.headers) && !('transfer-encoding' in incoming.headers)) return;
  incoming.on('error', () => {
    // The connection broke; the response's `close` tells.
  });
  incoming.resume();
}
