/**
 * Fast ingest, an option: chunked bodies of segments are decoded here. To Node's parser every chunk is a callback, a Buffer and a trip through a
 * stream, most of the work where each event of 300 bytes is a chunk. It judges nothing: the parser reads every head, and only a request that it has
 * found to be chunked, at the byte that ends its head, is taken. Then whole chunks of the plainest form, `hex CRLF bytes CRLF`, are kept from it; the
 * last chunk with its trailers, extensions, sizes of more than 8 digits and all that is malformed go to it, so it answers as ever and the connection
 * goes on. Undocumented is that a connection has one listener for `data`, and that this feeds the parser: where it is not so, nothing is taken.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { BlockReads, type Push } from './block-reads.ts';
import type { Blocks } from './blocks.ts';

/** What taps there are: none on a connection where that cannot be. */
export const taps = new WeakMap<Socket, Tap>();

/** Puts a tap on every connection that `server` accepts from now on. */
export function tapConnections(server: Server, blocks: Blocks): void {
  server.on('connection', (socket: Socket) => {
    const [feed, ...others] = socket.listeners('data') as Push[];
    if (feed && others.length === 0) taps.set(socket, new Tap(socket, feed, blocks));
  });
  server.prependListener('request', (incoming) => {
    const tap = taps.get(incoming.socket);
    if (tap) tap.request = incoming;
  });
}

const [LF, CR, MINUS] = [10, 13, 45];
const DIGITS = Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16));
const digitOf = (code = 0): number => DIGITS[code] ?? -1;

class Tap {
  request: IncomingMessage | undefined; // the last whose head the parser has read
  #socket: Socket;
  #feed: Push;
  #paused = false;
  #endsHead = false; // while the parser is fed the last byte of what may be a head
  #push: Push | undefined; // gets the bytes of the body that was taken
  #left = 0; // of the current chunk, its CRLF included
  #reads: BlockReads;
  #held: Buffer | undefined; // the beginning of a size line

  constructor(socket: Socket, feed: Push, blocks: Blocks) {
    [this.#socket, this.#feed] = [socket, feed];
    // The parser reads the descriptor itself until somebody else listens.
    socket.off('data', feed).on('data', (data) => this.#read(data));
    this.#reads = new BlockReads(socket, blocks, (data) => this.#read(data));
  }

  /** Hands the bytes of this request's body to `push` from now on. Only if its head ends with what the parser is fed just now is the body what comes next. */
  take(request: IncomingMessage, push: Push): this | undefined {
    if (!this.#endsHead || this.request !== request || request.httpVersion !== '1.1') return undefined;
    if (request.headers['transfer-encoding'] !== 'chunked') return undefined;
    [this.#push, this.#left] = [push, 0];
    return this;
  }

  pause(on: boolean): void {
    this.#paused = on;
    if (!on) this.#socket.resume();
  }

  #read(data: Buffer): void {
    const whole = this.#held ? Buffer.concat([this.#held, data]) : data;
    this.#held = undefined;
    // Not earlier: a request's stream resumes the socket when it begins to flow. Node pauses socket and parser together, which must not be fed then.
    if (this.#paused) this.#socket.pause();
    let at = 0;
    while (at < whole.length && !this.#socket.isPaused() && !this.#socket.destroyed)
      at = this.#push ? this.#decode(whole, at, this.#push) : this.#parse(whole, at);
    if (at < whole.length && !this.#socket.destroyed) this.#socket.unshift(Buffer.from(whole.subarray(at)));
  }

  /** Feeds the parser up to the end of what may be a head, whose last byte it gets alone, or with all there is. Returns where it stopped. */
  #parse(data: Buffer, from: number): number {
    const end = this.request?.complete === false ? -1 : data.indexOf('\r\n\r\n', from);
    const last = end < 0 ? data.length : end + 3;
    this.#feed(data.subarray(from, last));
    if (end < 0) return last;
    this.#endsHead = true;
    this.#feed(data.subarray(last, last + 1));
    this.#endsHead = false;
    return last + 1;
  }

  /** Moves the bytes of chunks together where they lie and hands them on as one piece. Returns where it stopped. */
  #decode(data: Buffer, from: number, push: Push): number {
    let [at, begin, end] = [from, from, from];
    while (at < data.length && this.#push) {
      const bytes = Math.min(this.#left - 2, data.length - at);
      if (bytes > 0) {
        if (begin === end) begin = end = at;
        else data.copyWithin(end, at, at + bytes);
        [at, end, this.#left] = [at + bytes, end + bytes, this.#left - bytes];
      } else if (this.#left === 0) at = this.#begin(data, at);
      else if (data[at] === (this.#left-- === 2 ? CR : LF)) at++;
      else [data[at], this.#push] = [MINUS, undefined]; // no size begins so: the parser refuses it
    }
    if (begin < end) this.#reads.hand(data.subarray(begin, end), at === data.length, push);
    return at;
  }

  /** Begins the chunk whose size stands at `from`. A line that is not whole is held; the last one, and any that is not plain, is the parser's. */
  #begin(data: Buffer, from: number): number {
    let [at, size] = [from, 0];
    for (let digit = digitOf(data[at]); digit >= 0; digit = digitOf(data[++at])) size = size * 16 + digit;
    const plain = at - from <= 8; // with more it might be no exact number
    if (plain && (at === data.length || (at + 1 === data.length && data[at] === CR))) {
      this.#held = Buffer.from(data.subarray(from));
      return data.length;
    }
    if (plain && size > 0 && data[at] === CR && data[at + 1] === LF) {
      this.#left = size + 2;
      return at + 2;
    }
    if (size === 0) this.request = undefined; // what follows the last chunk ends as a head does
    this.#push = undefined;
    return from;
  }
}
