/** Lines of a byte stream, numbered and checked, as `pub --jsonl` sends them: the very bytes that came in. */
import { EVENT_CAP_BYTES } from '@runnel/protocol';
import { CommandError } from './exit.ts';

const LF = 0x0a;
const CR = 0x0d;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Yields the lines that each chunk completes, without their line ends; blank lines are left out, the last line needs no LF.
 * Throws CommandError with the number of the first line that is no JSON object, no UTF-8 or longer than the event cap; the lines before it
 * have been yielded then. PROTOCOL.md sections 7.1 and 7.2.
 */
export async function* jsonLines(input: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array[]> {
  let pieces: Uint8Array[] = [];
  let pending = 0;
  let number = 1;
  for await (const chunk of input) {
    const ready: Uint8Array[] = [];
    try {
      let start = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
        const line = checked([...pieces, chunk.subarray(start, end)], number++);
        if (line) ready.push(line);
        pieces = [];
        pending = 0;
        start = end + 1;
      }
      if (start < chunk.length) pieces.push(chunk.subarray(start));
      pending += chunk.length - start;
      if (pending >= EVENT_CAP_BYTES) throw tooLong(number);
    } catch (error) {
      if (ready.length > 0) yield ready;
      throw error;
    }
    if (ready.length > 0) yield ready;
  }
  const last = checked(pieces, number);
  if (last) yield [last];
}

/** The line, or undefined for a blank one. */
function checked(pieces: Uint8Array[], number: number): Uint8Array | undefined {
  let line = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  if (line.at(-1) === CR) line = line.subarray(0, -1);
  if (line.length >= EVENT_CAP_BYTES) throw tooLong(number);
  const text = decode(line, number).trim();
  if (text === '') return undefined;
  const value = parse(text, number);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(number, 'is no JSON object');
  return line;
}

function decode(line: Uint8Array, number: number): string {
  try {
    return decoder.decode(line);
  } catch {
    throw bad(number, 'is not valid UTF-8');
  }
}

function parse(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(number, `is not valid JSON (${error instanceof Error ? error.message : error})`);
  }
}

const tooLong = (number: number) => bad(number, `is longer than ${EVENT_CAP_BYTES - 1} bytes`);

function bad(number: number, why: string): CommandError {
  return new CommandError(`Line ${number} of standard input ${why}. The lines before it were sent.`);
}
