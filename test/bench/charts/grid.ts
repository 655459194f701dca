/** What came of each pair of a row and a column, as a table of coloured words. */
import { escaped, framed, line, SUBTITLE_LINE, text } from './frame.ts';

export interface GridOptions {
  readonly title: string;
  /** A line, or several. */
  readonly subtitle?: string;
  /** What a cell may say, best first; at most four. */
  readonly words: readonly string[];
  readonly columns: readonly { readonly group: string; readonly name: string }[];
  /** Rows of one group stand together, under its name and the count of each word. */
  readonly rows: readonly GridRow[];
}

export interface GridRow {
  readonly group: string;
  readonly name: string;
  /** Whether it is what the chart is about. */
  readonly ours?: boolean;
  /** One of the words for each column, or `undefined` where there is none. */
  readonly cells: readonly (string | undefined)[];
}

/**
 * From cold to warm, so that what is worse stands out; each pair of neighbours differs in lightness as well (Okabe and Ito). Nobody needs the colour: the
 * word is in the cell. With white on the first and black on the others it has a contrast of 4.5 or more.
 */
const LEVELS = ['#0072b2', '#56b4e9', '#e69f00', '#d55e00'] as const;
const [WIDTH, LEFT, RIGHT, TOP, ROW, HEADING] = [760, 168, 16, 108, 20, 30];

/** The text of an SVG file, 760 wide and as high as its rows. */
export function grid({ title, subtitle = '', words, columns, rows }: GridOptions): string {
  const wide = (WIDTH - LEFT - RIGHT) / columns.length;
  const left = (column: number) => LEFT + column * wide;
  const top = TOP + SUBTITLE_LINE * (subtitle.split('\n').length - 1);
  const marks = columnMarks(columns, left, top);
  let y = top;
  for (const group of new Set(rows.map((row) => row.group))) {
    const mine = rows.filter((row) => row.group === group);
    marks.push(text(16, y + 20, group, 'title'), text(WIDTH - RIGHT, y + 20, counts(mine, words), 'soft', 'end'));
    y += HEADING;
    for (const row of mine) {
      marks.push(rowName(row, y), ...cellMarks(row, words, left, y));
      y += ROW;
    }
  }
  return framed({ title, subtitle, width: WIDTH, height: y + 12 }, marks);
}

/** The names of groups over a line that spans their columns, and below it the columns' own, a word a line. */
function columnMarks(columns: GridOptions['columns'], left: (column: number) => number, top: number): string[] {
  const groups = [...new Set(columns.map(({ group }) => group))];
  const spans = groups.flatMap((name) => {
    const first = columns.findIndex(({ group }) => group === name);
    const end = columns.findLastIndex(({ group }) => group === name) + 1;
    return [
      text((left(first) + left(end)) / 2, top - 42, name, '', 'middle'),
      line(left(first) + 1, top - 35, left(end) - 1, top - 35, 'rule'),
    ];
  });
  const names = columns.flatMap(({ name }, column) =>
    name
      .split(' ')
      .map((word, at) => text((left(column) + left(column + 1)) / 2, top - 20 + at * 13, word, 'tick', 'middle')),
  );
  return [...spans, ...names];
}

const rowName = ({ name, ours = false }: GridRow, y: number): string =>
  `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end"${ours ? ' style="font-weight:600"' : ''}>${escaped(name)}</text>`;

function cellMarks({ cells }: GridRow, words: readonly string[], left: (column: number) => number, y: number) {
  return cells.flatMap((word, column) => {
    const level = words.indexOf(word ?? '');
    if (word === undefined || level < 0) return [];
    const [from, to] = [left(column), left(column + 1)];
    const ink = level === 0 ? '#ffffff' : '#000000';
    return [
      `<rect x="${from + 1}" y="${y + 1}" width="${to - from - 2}" height="${ROW - 2}" rx="2" fill="${LEVELS[level]}"/>`,
      `<text x="${(from + to) / 2}" y="${y + 14}" text-anchor="middle" style="font-size:11px;fill:${ink}">${word}</text>`,
    ];
  });
}

/** `12 exact, 3 silent`: those there are. */
function counts(rows: readonly GridRow[], words: readonly string[]): string {
  const cells = rows.flatMap((row) => row.cells);
  const count = (word: string) => cells.filter((each) => each === word).length;
  return words
    .filter((word) => count(word) > 0)
    .map((word) => `${count(word)} ${word}`)
    .join(', ');
}
