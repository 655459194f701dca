/** A GET's answer as a Node response: the same Buffer for every reader, one write each. */
import type { IncomingMessage } from 'node:http';
import { Header } from '@runnel/protocol';
import type { Head } from './heads.ts';
import type { Raw } from './raw.ts';
import type { Outlet, OutletEvents } from './reader.ts';

const TRAILER_FIELD = { Trailer: Header.aborted };

export class NodeOutlet implements Outlet {
  #raw: Raw;
  #events: OutletEvents;
  #listensForDrain = false;

  constructor(raw: Raw, events: OutletEvents) {
    this.#raw = raw;
    this.#events = events;
    onGone(raw, () => events.gone());
    discardBody(raw.incoming);
  }

  start(head: Head): void {
    this.#raw.writeHead(head, head.trailers && this.#isChunked ? TRAILER_FIELD : undefined);
    if (head.text !== undefined) this.#raw.outgoing.write(head.text);
  }

  write(frame: Buffer): boolean {
    const { outgoing } = this.#raw;
    if (outgoing.destroyed || outgoing.write(frame)) return true;
    if (!this.#listensForDrain) outgoing.on('drain', () => this.#events.drained());
    this.#listensForDrain = true;
    return false;
  }

  end(trailers?: Record<string, string>): void {
    if (trailers && this.#isChunked) this.#raw.outgoing.addTrailers(trailers);
    this.#raw.outgoing.end();
  }

  cut(): void {
    this.#raw.outgoing.socket?.destroy();
    this.#raw.outgoing.destroy();
  }

  get #isChunked(): boolean {
    return this.#raw.incoming.httpVersionMinor > 0;
  }
}

/**
 * `close` comes after the last byte was handed to the kernel, and when the far end hangs up. A pipelined response that has no
 * socket yet is not told of the latter, and no response is told of what happened while middleware took its time.
 */
function onGone({ incoming, outgoing }: Raw, gone: () => void): void {
  const { socket } = incoming;
  outgoing.on('close', gone);
  // The reader does not know its outlet yet.
  if (outgoing.destroyed || socket.destroyed) queueMicrotask(gone);
  else if (!outgoing.socket) {
    socket.setMaxListeners(0).once('close', gone);
    // The connection outlives its responses, and must not hold what they read.
    outgoing.on('close', () => socket.off('close', gone));
  }
}

/** A GET has no use for a body, but unread it would hide that the far end hung up. */
function discardBody(incoming: IncomingMessage): void {
  if (!('content-length' in incoming.headers) && !('transfer-encoding' in incoming.headers)) return;
  incoming.on('error', () => {
    // The connection broke; the response's `close` tells.
  });
  incoming.resume();
}
