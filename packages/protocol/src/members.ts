/** Where a member's value stands in a line: the bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

const decoder = new TextDecoder();

/**
 * The top-level members of the JSON object that `line` holds, by name, as byte ranges of their values, so that a value can be cut out
 * exactly as it was sent. Of members with one name the last counts, as in `JSON.parse`.
 *
 * It finds its way through valid JSON and checks no more than that takes: hand it only lines that `JSON.parse` has accepted.
 * Returns undefined if `line` is no object. PROTOCOL.md section 8.3.
 */
export function members(line: Uint8Array): ReadonlyMap<string, Range> | undefined {
  const found = new Map<string, Range>();
  let at = skipSpace(line, 0);
  if (line[at] !== OPEN_OBJECT) return undefined;
  at = skipSpace(line, at + 1);
  if (line[at] === CLOSE_OBJECT) return found;
  while (line[at] === QUOTE) {
    const keyEnd = skipString(line, at);
    const key = readKey(line, at, keyEnd);
    at = skipSpace(line, keyEnd);
    if (line[at] !== COLON) return undefined;
    const start = skipSpace(line, at + 1);
    const end = skipValue(line, start);
    if (end <= start) return undefined;
    found.set(key, { start, end });
    at = skipSpace(line, end);
    if (line[at] === CLOSE_OBJECT) return found;
    if (line[at] !== COMMA) return undefined;
    at = skipSpace(line, at + 1);
  }
  return undefined;
}

function readKey(line: Uint8Array, start: number, end: number): string {
  const quoted = line.subarray(start, end);
  const plain = decoder.decode(quoted.subarray(1, -1));
  return quoted.includes(BACKSLASH) ? String(JSON.parse(`"${plain}"`)) : plain;
}

function skipSpace(line: Uint8Array, from: number): number {
  let at = from;
  for (let byte = line[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; byte = line[++at]);
  return at;
}

/** The place after the closing quote of the string that begins at `from`. */
function skipString(line: Uint8Array, from: number): number {
  for (let at = from + 1; ; at++) {
    at = line.indexOf(QUOTE, at);
    if (at < 0) return line.length;
    let backslashes = 0;
    while (line[at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function skipValue(line: Uint8Array, from: number): number {
  const first = line[from];
  if (first === QUOTE) return skipString(line, from);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(line, from);
  let at = from;
  for (
    let byte = line[at];
    byte !== undefined && byte > 0x20 && byte !== COMMA && byte !== CLOSE_OBJECT;
    byte = line[++at]
  );
  return at;
}

function skipNested(line: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) at = skipString(line, at) - 1;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return at + 1;
  }
  return line.length;
}
