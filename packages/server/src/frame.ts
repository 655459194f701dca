/** A run of a segment's bytes, kept once and handed to all readers. */
export interface Frame {
  readonly bytes: Buffer;
  /**
   * The same memory with size line and CRLF around it, ready to be written to a socket. A response's `write` hands the three to the socket one
   * by one for each reader: with a hundred of them that is a third of all work.
   */
  readonly chunk?: Buffer;
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
