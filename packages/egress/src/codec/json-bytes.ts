/** JSON put together and taken apart as bytes, so that what is inside stays as it was sent. */
import { memberFinder } from '@runnel/protocol';

const COMMA = Buffer.from(',');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `items` with commas between them, after `open` and before `close`. */
export function joined(open: string, items: readonly Uint8Array[], close: string): Buffer {
  const parts: Uint8Array[] = [Buffer.from(open)];
  for (const [place, item] of items.entries()) {
    if (place > 0) parts.push(COMMA);
    parts.push(item);
  }
  return Buffer.concat([...parts, Buffer.from(close)]);
}

/** The bytes of the value of the top-level member `name`, as they stand in `object`. */
export function member(object: Uint8Array, name: string): Uint8Array | undefined {
  const find = finders.get(name) ?? memberFinder(name);
  finders.set(name, find);
  const range = find(object)?.[0];
  return range && object.subarray(range.start, range.end);
}

/** By name; the names are the codecs', so there are few. */
const finders = new Map<string, ReturnType<typeof memberFinder<readonly [string]>>>();

/** The elements of an array of JSON, each as its bytes. Hand it only what `JSON.parse` has accepted. */
export function elements(array: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  let depth = 0;
  let start = -1;
  for (let at = 0; at < array.length; at++) {
    const byte = array[at] as number;
    if (byte <= 0x20) continue;
    const closes = byte === 0x5d || byte === 0x7d;
    if (depth === 1 && (byte === 0x2c || closes)) {
      if (start >= 0) found.push(array.subarray(start, lastOf(array, at)));
      start = -1;
    } else if (depth >= 1 && start < 0) start = at;
    if (byte === QUOTE) at = endOfString(array, at);
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (closes) depth--;
  }
  return found;
}

/** The place after the last byte before `at` that is no space. */
function lastOf(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end - 1] as number) <= 0x20) end--;
  return end;
}

function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}
