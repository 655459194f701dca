/** Lines of JSON as the bytes they are on the wire, and where each of them ends. */
import { TrickleError } from '@runnel/protocol';

export type Line = string | Uint8Array;

export interface Block {
  /** The lines, each with its LF. */
  readonly bytes: Uint8Array;
  /** The place behind each line. */
  readonly ends: readonly number[];
}

const LF = 0x0a;
const encoder = new TextEncoder();

/** Throws TrickleError `invalid` for a line with a LF inside, `too_large` for one over `mostBytes`, its LF included. */
export function blockOf(lines: readonly Line[], mostBytes: number): Block {
  // Of a text far too long no bytes are made.
  for (const line of lines) if (line.length >= mostBytes) throw tooLarge(line.length + 1, mostBytes);
  const { bytes, text } = encode(lines);
  // One search for each line, in what was made anyway. Where every character is a byte it is made in the text: that is five times as fast.
  const next =
    text?.length === bytes.length ? (at: number) => text.indexOf('\n', at) : (at: number) => bytes.indexOf(LF, at);
  const ends: number[] = [];
  for (let at = 0; ends.length < lines.length; ) {
    const end = next(at) + 1;
    if (end - at > mostBytes) throw tooLarge(end - at, mostBytes);
    ends.push(end);
    at = end;
  }
  if ((ends.at(-1) ?? 0) !== bytes.length) throw new TrickleError('invalid', 'A line has no LF inside');
  return { bytes, ends };
}

/** How many lines of a block from `from` on fit into `room` bytes: the first that does not. */
export function fit({ ends }: Block, from: number, room: number): number {
  const most = startOf(ends, from) + room;
  let to = from;
  while (to < ends.length && (ends[to] as number) <= most) to++;
  return to;
}

/** The bytes of the lines from `from` up to, not including, `to`. */
export function piece({ bytes, ends }: Block, from: number, to: number): Uint8Array {
  return bytes.subarray(startOf(ends, from), startOf(ends, to));
}

const startOf = (ends: readonly number[], line: number) => (line === 0 ? 0 : (ends[line - 1] as number));

function tooLarge(bytes: number, most: number): TrickleError {
  return new TrickleError('too_large', `A line of ${bytes} bytes is over the cap of ${most}`);
}

function encode(lines: readonly Line[]): { bytes: Uint8Array; text?: string } {
  if (lines.every((line) => typeof line === 'string')) {
    const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`;
    return { bytes: encoder.encode(text), text };
  }
  const encoded = lines.map((line) => (typeof line === 'string' ? encoder.encode(line) : line));
  const bytes = new Uint8Array(encoded.reduce((sum, line) => sum + line.length + 1, 0));
  let at = 0;
  for (const line of encoded) {
    bytes.set(line, at);
    at += line.length + 1;
    bytes[at - 1] = LF;
  }
  return { bytes };
}
