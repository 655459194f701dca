/** Members of a JSON object as byte ranges, so that a value can be cut out exactly as it was sent. HOUSE decision 15, PROTOCOL.md section 8.3. */
import { CLOSE_OBJECT, COLON, COMMA, endOfString, endOfValue, OPEN_OBJECT, QUOTE, seen, skipSpace } from './json.ts';

/** Where a member's value stands in a line: the bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A range for each of the names asked for, in their order; undefined where there is no such member. */
export type Found<Names extends readonly string[]> = { [Place in keyof Names]: Range | undefined };

interface Wanted {
  readonly name: Uint8Array;
  readonly place: number;
  readonly inner: readonly Wanted[];
}

type Ranges = (Range | undefined)[];

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Makes a function that finds members of the JSON object that its argument holds, in UTF-8. A name with a dot is that of a member within a member: to find
 * `event.id`, `event` must be asked for as well. Of members with one name the last counts, as in `JSON.parse`.
 *
 * The function goes through the whole text once and checks it: it answers undefined exactly where `JSON.parse` would throw, where the bytes are no UTF-8, and where
 * the text is no object. It never throws.
 */
export function memberFinder<const Names extends readonly string[]>(
  ...names: Names
): (json: Uint8Array) => Found<Names> | undefined {
  const wanted = wantedBelow('', names);
  return (json) => {
    seen.beyondAscii = false;
    const found: Ranges = new Array(names.length).fill(undefined);
    const start = skipSpace(json, 0);
    if (json[start] !== OPEN_OBJECT) return undefined;
    const end = findIn(json, start, wanted, found);
    if (end < 0 || skipSpace(json, end) !== json.length) return undefined;
    if (seen.beyondAscii && !isUtf8(json)) return undefined;
    return found as Found<Names>;
  };
}

function wantedBelow(prefix: string, names: readonly string[]): Wanted[] {
  return names.flatMap((name, place) => {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    return own === '' || own.includes('.')
      ? []
      : [{ name: encoder.encode(own), place, inner: wantedBelow(`${name}.`, names) }];
  });
}

/** Goes through the object at `from`; returns the place after it, or -1. */
function findIn(json: Uint8Array, from: number, wanted: readonly Wanted[], found: Ranges): number {
  let at = skipSpace(json, from + 1);
  if (json[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    if (json[at] !== QUOTE) return -1;
    seen.escape = false;
    const keyEnd = endOfString(json, at);
    if (keyEnd < 0) return -1;
    const match = seen.escape ? matchWritten(json, at, keyEnd, wanted) : matchPlain(json, at + 1, keyEnd - 1, wanted);
    at = skipSpace(json, keyEnd);
    if (json[at] !== COLON) return -1;
    const start = skipSpace(json, at + 1);
    const end = match === undefined ? endOfValue(json, start) : findAt(json, start, match, found);
    if (end < 0) return -1;
    at = skipSpace(json, end);
    if (json[at] === CLOSE_OBJECT) return at + 1;
    if (json[at] !== COMMA) return -1;
    at = skipSpace(json, at + 1);
  }
}

function findAt(json: Uint8Array, start: number, { place, inner }: Wanted, found: Ranges): number {
  // Of an earlier member of this name nothing may be left.
  for (const { place } of inner) found[place] = undefined;
  const end =
    inner.length > 0 && json[start] === OPEN_OBJECT ? findIn(json, start, inner, found) : endOfValue(json, start);
  found[place] = { start, end };
  return end;
}

function matchPlain(json: Uint8Array, start: number, end: number, wanted: readonly Wanted[]): Wanted | undefined {
  for (const each of wanted) {
    const { name } = each;
    if (name.length !== end - start) continue;
    let same = 0;
    while (same < name.length && json[start + same] === name[same]) same++;
    if (same === name.length) return each;
  }
  return undefined;
}

/** A name that is written with escapes. */
function matchWritten(json: Uint8Array, start: number, end: number, wanted: readonly Wanted[]): Wanted | undefined {
  if (!isUtf8(json.subarray(start, end))) return undefined;
  const name = encoder.encode(JSON.parse(decoder.decode(json.subarray(start, end))) as string);
  return matchPlain(name, 0, name.length, wanted);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
