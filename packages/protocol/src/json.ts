/** JSON walked through as bytes, and checked on the way, without a string or an object being made of it. RFC 8259. */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
/** From an opening bracket to the one that closes it, for both kinds. */
const TO_CLOSING = 2;

const ESCAPED = new Set([...'"\\/bfnrt'].map((char) => char.charCodeAt(0)));
const LITERALS = ['true', 'false', 'null'].map((word) => [...word].map((char) => char.charCodeAt(0)));

/** What strings held that were passed since a caller last set these back: it saves a second look at nearly every line. */
export const seen = { escape: false, beyondAscii: false };

export function skipSpace(json: Uint8Array, from: number): number {
  let at = from;
  // Between the members of what a program wrote there is none.
  for (let byte = json[at] as number; byte <= 0x20; byte = json[++at] as number) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
  }
  return at;
}

/** The place after the value that begins at `from`; -1 if there is none. However deep it is, the stack is not. */
export function endOfValue(json: Uint8Array, from: number): number {
  const byte = json[from];
  return byte === OPEN_OBJECT || byte === OPEN_ARRAY ? endOfNested(json, from) : endOfScalar(json, from);
}

function endOfNested(json: Uint8Array, from: number): number {
  const closing: number[] = [];
  let at = from;
  for (;;) {
    const first = json[at];
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      closing.push(first + TO_CLOSING);
      at = skipSpace(json, at + 1);
      if (json[at] !== first + TO_CLOSING) {
        if (first === OPEN_OBJECT) at = endOfKey(json, at);
        if (at < 0) return -1;
        continue;
      }
    } else {
      at = endOfScalar(json, at);
      if (at < 0) return -1;
      at = skipSpace(json, at);
    }
    while (json[at] === closing[closing.length - 1]) {
      closing.pop();
      if (closing.length === 0) return at + 1;
      at = skipSpace(json, at + 1);
    }
    if (json[at] !== COMMA) return -1;
    at = skipSpace(json, at + 1);
    if (closing[closing.length - 1] === CLOSE_OBJECT) at = endOfKey(json, at);
    if (at < 0) return -1;
  }
}

/** From the beginning of a member's name to that of its value; -1 if it is no member. */
function endOfKey(json: Uint8Array, from: number): number {
  const end = json[from] === QUOTE ? endOfString(json, from) : -1;
  if (end < 0) return -1;
  const colon = skipSpace(json, end);
  return json[colon] === COLON ? skipSpace(json, colon + 1) : -1;
}

function endOfScalar(json: Uint8Array, from: number): number {
  const first = json[from];
  if (first === QUOTE) return endOfString(json, from);
  if (first === MINUS || isDigit(first)) return endOfNumber(json, from);
  const literal = LITERALS.find(([char]) => char === first);
  return literal?.every((char, at) => json[from + at] === char) ? from + literal.length : -1;
}

/** The place after the closing quote of the string that begins at `from`; -1 if it has none, or is none of JSON's. Its encoding is not looked at. */
export function endOfString(json: Uint8Array, from: number): number {
  for (let at = from + 1; ; at++) {
    let byte = json[at] as number;
    while (byte > QUOTE && byte < 0x80 && byte !== BACKSLASH) byte = json[++at] as number;
    if (byte === 0x20 || byte === 0x21) continue;
    if (byte === QUOTE) return at + 1;
    if (byte === undefined || byte < 0x20) return -1;
    if (byte >= 0x80) seen.beyondAscii = true;
    else {
      seen.escape = true;
      at = endOfEscape(json, at + 1);
      if (at < 0) return -1;
    }
  }
}

/** The last byte of the escape whose first one after the backslash is at `at`. */
function endOfEscape(json: Uint8Array, at: number): number {
  const byte = json[at];
  if (byte !== 0x75) return ESCAPED.has(byte as number) ? at : -1;
  for (let digit = 1; digit <= 4; digit++) if (!isHexDigit(json[at + digit])) return -1;
  return at + 4;
}

function endOfNumber(json: Uint8Array, from: number): number {
  let at = json[from] === MINUS ? from + 1 : from;
  if (json[at] === ZERO) at++;
  else at = endOfDigits(json, at);
  if (at >= 0 && json[at] === DOT) at = endOfDigits(json, at + 1);
  if (at >= 0 && (json[at] === 0x65 || json[at] === 0x45)) {
    at++;
    if (json[at] === PLUS || json[at] === MINUS) at++;
    at = endOfDigits(json, at);
  }
  return at;
}

/** The place after the digits at `from`; -1 if there are none. */
function endOfDigits(json: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(json[at])) at++;
  return at > from ? at : -1;
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= ZERO && byte <= 0x39;

const isHexDigit = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && ((byte >= 0x61 && byte <= 0x66) || (byte >= 0x41 && byte <= 0x46)));
