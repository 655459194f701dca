/** Text that came over the wire, cut to what a person reads of it. */

/** The first `most` characters. A slice would keep all of the text in memory for as long as it lives; of what is cut this is a copy. */
export function beginningOf(text: string, most: number): string {
  return text.length > most ? Buffer.from(text.slice(0, most), 'utf16le').toString('utf16le') : text;
}
