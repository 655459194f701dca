import type { Block } from './blocks.ts';

/** A run of a segment's bytes, kept once and handed to all readers. */
export interface Frame {
  readonly bytes: Buffer;
  /**
   * The same memory with size line and CRLF around it, ready to be written to a socket. A response's `write` hands the three to the socket one
   * by one for each reader: with a hundred of them that is a third of all work.
   */
  readonly chunk?: Buffer;
  /** The block that they are in, if they are in one. It is used again once the segment has gone. */
  readonly block?: Buffer;
}

/** What a block keeps free before and after the bytes that are read into it, for their size line and CRLF. */
export const ROOM = { before: 8, after: 2 } as const;

/** A frame of bytes where they lie in a block. */
export function framed(bytes: Buffer, { memory }: Block): Frame {
  const size = `${bytes.length.toString(16)}\r\n`;
  const from = bytes.byteOffset - memory.byteOffset;
  const to = from + bytes.length;
  memory.write(size, from - size.length, 'latin1');
  memory.write(CRLF, to, 'latin1');
  return { bytes, chunk: memory.subarray(from - size.length, to + CRLF.length), block: memory };
}

/** One frame of many pieces, or of a small one: a copy, so it is made ready for the wire at once. */
export function joined(pieces: readonly Buffer[], bytes: number): Frame {
  const size = `${bytes.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + bytes + CRLF.length);
  let at = chunk.write(size, 'latin1');
  for (const piece of pieces) at += piece.copy(chunk, at);
  chunk.write(CRLF, at, 'latin1');
  return { bytes: chunk.subarray(size.length, at), chunk };
}

const CRLF = '\r\n';

/** How many bytes there are in frames. */
export const bytesOf = (frames: readonly Frame[]): number => frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
