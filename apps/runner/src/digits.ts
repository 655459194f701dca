/** Seven-segment digits as SVG: figures on a frame need no font, which a machine may not have. */

// Segments in the order top, top right, bottom right, bottom, bottom left, top left, middle; a cell is 1 wide and 1.8 high.
const SEGMENTS: readonly string[] = [
  bar(0.15, 0, 0.5, 0.14),
  bar(0.61, 0.09, 0.14, 0.76),
  bar(0.61, 0.95, 0.14, 0.76),
  bar(0.15, 1.66, 0.5, 0.14),
  bar(0.05, 0.95, 0.14, 0.76),
  bar(0.05, 0.09, 0.14, 0.76),
  bar(0.15, 0.83, 0.5, 0.14),
];

const LIT: Readonly<Record<string, string>> = {
  '0': '012345',
  '1': '12',
  '2': '01346',
  '3': '01236',
  '4': '1256',
  '5': '02356',
  '6': '023456',
  '7': '012',
  '8': '0123456',
  '9': '012356',
};

const MARKS: Readonly<Record<string, string>> = {
  ':': bar(0.33, 0.4, 0.18, 0.18) + bar(0.33, 1.2, 0.18, 0.18),
  '.': bar(0.33, 1.62, 0.18, 0.18),
};

/** SVG shapes for digits, `:` and `.`, each in a cell of 1 by 1.8 units, side by side; other characters are blanks. */
export function digits(text: string): string {
  return [...text].map((character, at) => `<g transform="translate(${at})">${shape(character)}</g>`).join('');
}

function shape(character: string): string {
  const lit = LIT[character];
  return lit === undefined ? (MARKS[character] ?? '') : [...lit].map((segment) => SEGMENTS[Number(segment)]).join('');
}

function bar(x: number, y: number, width: number, height: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="0.05"/>`;
}
