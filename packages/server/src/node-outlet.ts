/** A GET's answer as a Node response: the same frame for every reader, one write each. */
import type { IncomingMessage } from 'node:http';
import { Header } from '@runnel/protocol';
import type { Frame } from './frame.ts';
import type { Head } from './heads.ts';
import type { Raw } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';

const TRAILER_FIELD = { Trailer: Header.aborted };

export class NodeOutlet implements Outlet {
  #raw: Raw;
  #events: OutletEvents;
  /** Whether chunks ready for the wire may be written to the socket: the response itself has written the first one. */
  #chunked = false;

  constructor(raw: Raw, events: OutletEvents) {
    this.#raw = raw;
    this.#events = events;
    onGone(raw, () => events.gone());
    discardBody(raw.incoming);
  }

  start(head: Head): void {
    this.#raw.writeHead(head, head.trailers && this.#mayChunk ? TRAILER_FIELD : undefined);
    if (head.text !== undefined) this.#raw.outgoing.write(head.text);
  }

  write({ bytes, chunk }: Frame): boolean {
    const { outgoing } = this.#raw;
    if (outgoing.destroyed) return true;
    // Without a socket the response stands in a pipeline, and gathers what it is given.
    const socket = this.#chunked && chunk ? outgoing.socket : null;
    const goOn = socket ? socket.write(chunk as Buffer) : outgoing.write(bytes);
    this.#chunked = outgoing.chunkedEncoding;
    // Only those that are blocked listen, since most never are.
    if (!goOn) (socket ?? outgoing).once('drain', () => this.#events.drained());
    return goOn;
  }

  end(trailers?: Record<string, string>): void {
    if (trailers && this.#mayChunk) this.#raw.outgoing.addTrailers(trailers);
    this.#raw.outgoing.end();
  }

  cut(): void {
    this.#raw.outgoing.socket?.destroy();
    this.#raw.outgoing.destroy();
  }

  get #mayChunk(): boolean {
    return this.#raw.incoming.httpVersionMinor > 0;
  }
}

/**
 * `close` comes after the last byte was handed to the kernel, and when the far end hangs up. A pipelined response that has no
 * socket yet is not told of the latter, and no response is told of what happened while middleware took its time.
 */
function onGone({ incoming, outgoing }: Raw, gone: () => void): void {
  const { socket } = incoming;
  if (outgoing.destroyed || socket.destroyed) {
    gone();
    return;
  }
  outgoing.on('close', gone);
  if (outgoing.socket) return;
  socket.setMaxListeners(0).once('close', gone);
  // The connection outlives its responses, and must not hold what they read.
  outgoing.on('close', () => socket.off('close', gone));
}

/** A GET has no use for a body, but unread it would hide that the far end hung up. */
function discardBody(incoming: IncomingMessage): void {
  if (!('content-length' in incoming.headers) && !('transfer-encoding' in incoming.headers)) return;
  incoming.on('error', () => {
    // The connection broke; the response's `close` tells.
  });
  incoming.resume();
}
