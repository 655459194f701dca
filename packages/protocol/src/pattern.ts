/**
 * Whether the whole of `text` fits `pattern`: `*` is any run of characters, `?` is one. PROTOCOL.md section 8.6. Patterns come from the wire, so
 * this takes at most `text.length * pattern.length` steps, where a regular expression could take for ever.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, place] = [0, 0];
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[place];
    if (wanted === '*') {
      star = place++;
      resume = at;
    } else if (wanted === '?' || wanted === text[at]) {
      place++;
      at++;
    } else if (star >= 0) {
      // The last star takes one character more; earlier ones never need to.
      place = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[place] === '*') place++;
  return place === pattern.length;
}
