/** Whatever a runner sends, made fit to be looked at: as text that cannot hide, turn round or break the line. */

/** C0 and C1 controls, and what changes the direction or the visibility of the text around it. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
/** Marks stacked on one character reach into the lines above and below. */
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** One line of text, at most `most` characters of it. */
export function visible(text: string, most = 500): string {
  const head = text.length > most ? `${text.slice(0, most)}…` : text;
  return head.replace(INVISIBLE, picture).replace(STACKED, '$1').toWellFormed();
}

/** The same with its line breaks and tabs. */
export function visibleLines(text: string, most = 65_536): string {
  const head = text.length > most ? text.slice(0, most) : text;
  return head
    .replace(INVISIBLE, (character) => (character === '\n' || character === '\t' ? character : picture(character)))
    .replace(STACKED, '$1')
    .toWellFormed();
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
