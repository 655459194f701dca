/** Seqs and channel names as they stand in a path. PROTOCOL.md section 2. */

/** In a POST: the head. In a GET: the next write. */
export const SEQ_NEXT = -1;

/** In a GET: the segment being written, else the last finished one. `-N` is the N-th from the head. */
export const SEQ_CURRENT = -2;

/** The largest seq, so that the head after it is still an exact number. */
export const SEQ_MAX = Number.MAX_SAFE_INTEGER - 1;

/** A GET of this seq is read as "the oldest segment kept". */
export const SEQ_OLDEST = -SEQ_MAX;

/**
 * Reads a seq from a path part: decimal digits with an optional sign, between {@link SEQ_OLDEST} and {@link SEQ_MAX}.
 * Returns undefined for anything else, which is answered 400.
 */
export function parseSeq(part: string): number | undefined {
  if (!/^[+-]?\d{1,20}$/.test(part)) return undefined;
  const seq = Number(part);
  return Math.abs(seq) <= SEQ_MAX ? seq + 0 : undefined;
}

/** Whether a decoded path part may name a channel: 1 to 255 bytes of UTF-8, no control characters, neither `.` nor `..`. */
export function isChannelName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.length > 255) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\u0000-\u001f\u007f]/.test(name) && new TextEncoder().encode(name).length <= 255;
}

/** Whether a channel name is the server's own: readable, never written or deleted over HTTP. PROTOCOL.md section 2. */
export function isReservedName(name: string): boolean {
  return name.startsWith('_');
}
