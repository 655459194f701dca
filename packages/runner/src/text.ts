/** What can be asked of any text or value without harm to the caller. */

/** Whether `text` is longer than `maxBytes` as UTF-8; a UTF-16 unit is at most three bytes, so most texts need no count. */
export function exceeds(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

/** The value as a string. Never throws: an object without a string form is named by its kind. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
