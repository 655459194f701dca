/** Lines of JSON as bytes: how long they are, how many fit, and the chunk that they make. */

export type Line = string | Uint8Array;

const LF = 0x0a;
const encoder = new TextEncoder();

export function hasLf(line: Line): boolean {
  return typeof line === 'string' ? line.includes('\n') : line.includes(LF);
}

/** How many bytes a line takes with its LF. */
export const bytesOf = (line: Line) => (typeof line === 'string' ? encoder.encode(line).length : line.length) + 1;

/** The most that can be, without looking at it: this is the hot path. */
export const mostBytes = (line: Line) => (typeof line === 'string' ? line.length * 3 : line.length) + 1;

/** How far `lines` from `from` on surely fit into `room` bytes; at least one line further if that one does. */
export function fit(lines: readonly Line[], from: number, room: number): number {
  let to = from;
  for (let most = 0; to < lines.length; to++) {
    most += mostBytes(lines[to] as Line);
    if (most > room) break;
  }
  if (to === from && bytesOf(lines[from] as Line) <= room) return from + 1;
  return to;
}

export function encode(lines: readonly Line[]): Uint8Array {
  if (lines.every((line) => typeof line === 'string')) return encoder.encode(`${lines.join('\n')}\n`);
  const encoded = lines.map((line) => (typeof line === 'string' ? encoder.encode(line) : line));
  const chunk = new Uint8Array(encoded.reduce((sum, line) => sum + line.length + 1, 0));
  let at = 0;
  for (const line of encoded) {
    chunk.set(line, at);
    at += line.length + 1;
    chunk[at - 1] = LF;
  }
  return chunk;
}
