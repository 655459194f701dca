/** Reads one answer from the bytes of a connection and tells the exchange about each part as it comes. RFC 9112. */
import type { Exchange } from './exchange.ts';
import { field, type Head, parseFields } from './fields.ts';

const CRLF = '\r\n';
const LONGEST_LINE = 64 * 1024;

/** What the parser does with the bytes at hand: it takes some and returns true, or returns false when it needs more. */
type Step = () => boolean;

export class AnswerParser {
  readonly #exchange: Exchange;
  readonly #method: string;
  #bytes: Buffer = Buffer.alloc(0);
  #step: Step = () => this.#readHead();
  #left = 0;
  #untilClose = false;

  constructor(exchange: Exchange, method: string) {
    this.#exchange = exchange;
    this.#method = method;
  }

  /** Takes what arrived. Returns what is left over once the answer is complete, else undefined. Throws on bytes that are no HTTP. */
  push(arrived: Buffer): Buffer | undefined {
    this.#bytes = this.#bytes.length === 0 ? arrived : Buffer.concat([this.#bytes, arrived]);
    while (!this.#exchange.complete && this.#step());
    return this.#exchange.complete ? this.#bytes : undefined;
  }

  /** The other side has ended the connection. */
  finish(): void {
    if (this.#untilClose) this.#exchange.gotEnd(new Map());
  }

  #readHead(): boolean {
    const lines = this.#block();
    if (lines === undefined) return false;
    const head = parseHead(lines);
    if (head.status < 200) this.#exchange.gotProvisional(head.status);
    else {
      this.#exchange.gotHead(head);
      this.#frame(head);
    }
    return true;
  }

  #frame(head: Head): void {
    const length = field(head, 'content-length');
    if (this.#method === 'HEAD' || head.status === 204 || head.status === 304) this.#exchange.gotEnd(new Map());
    else if (field(head, 'transfer-encoding')?.toLowerCase() === 'chunked') this.#step = () => this.#readChunkSize();
    else if (length !== undefined) this.#readExactly(Number(length), () => this.#exchange.gotEnd(new Map()));
    else {
      this.#untilClose = true;
      this.#readExactly(Number.POSITIVE_INFINITY, () => {});
    }
  }

  #readChunkSize(): boolean {
    const line = this.#line();
    if (line === undefined) return false;
    const size = line.split(';', 1)[0]?.trim() ?? '';
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`a chunk size that is none: ${JSON.stringify(line.slice(0, 40))}`);
    if (Number.parseInt(size, 16) === 0) this.#step = () => this.#readTrailers();
    else this.#readExactly(Number.parseInt(size, 16), () => this.#expectLineEnd());
    return true;
  }

  #expectLineEnd(): void {
    this.#step = () => {
      const line = this.#line();
      if (line === undefined) return false;
      if (line !== '') throw new Error('a chunk longer than its size');
      this.#step = () => this.#readChunkSize();
      return true;
    };
  }

  #readTrailers(): boolean {
    if (this.#bytes.subarray(0, 2).toString('latin1') === CRLF) {
      this.#bytes = this.#bytes.subarray(2);
      this.#exchange.gotEnd(new Map());
      return true;
    }
    const lines = this.#block();
    if (lines === undefined) return false;
    this.#exchange.gotEnd(parseFields(lines));
    return true;
  }

  #readExactly(count: number, then: () => void): void {
    this.#left = count;
    this.#step = () => {
      if (this.#left > 0 && this.#bytes.length === 0) return false;
      const piece = this.#bytes.subarray(0, this.#left);
      this.#bytes = this.#bytes.subarray(piece.length);
      this.#left -= piece.length;
      if (piece.length > 0) this.#exchange.gotBody(piece);
      if (this.#left === 0) then();
      return true;
    };
  }

  /** The lines up to the next empty one. */
  #block(): string[] | undefined {
    return this.#take(CRLF + CRLF)?.split(CRLF);
  }

  #line(): string | undefined {
    return this.#take(CRLF);
  }

  #take(end: string): string | undefined {
    const at = this.#bytes.indexOf(end, 0, 'latin1');
    if (at < 0 && this.#bytes.length > LONGEST_LINE) throw new Error('a line longer than 64 KiB');
    if (at < 0) return undefined;
    const text = this.#bytes.toString('latin1', 0, at);
    this.#bytes = this.#bytes.subarray(at + end.length);
    return text;
  }
}

function parseHead(lines: readonly string[]): Head {
  const status = /^HTTP\/1\.1 (\d{3})( |$)/.exec(lines[0] ?? '')?.[1];
  if (status === undefined) throw new Error(`no status line: ${JSON.stringify((lines[0] ?? '').slice(0, 60))}`);
  return { status: Number(status), fields: parseFields(lines.slice(1)) };
}
