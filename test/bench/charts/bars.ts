/** One figure of several contenders, as bars from the left, in the order given. */
import { framed, line, readable, round, text } from './frame.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The smallest and the largest seen: a whisker. */
  readonly low?: number;
  readonly high?: number;
  /** Whether it is drawn in colour: what the chart is about. */
  readonly ours?: boolean;
}

export interface BarsOptions {
  readonly title: string;
  /** The unit, and which direction is better. */
  readonly subtitle?: string;
  readonly bars: readonly Bar[];
  /** Drawn as a line across, named on its top. */
  readonly goal?: { readonly name: string; readonly value: number };
}

const WIDTH = 760;
/** Where bars begin, unless a name is longer. */
const LEFT = 190;
/** The width of a letter, on average. */
const LETTER = 6.5;
const RIGHT = 110;
const TOP = 60;
const ROW = 26;

/** The text of an SVG file, 760 wide and as high as its bars. Bars begin at 0. Throws nothing; a bar without a finite value has no length. */
export function bars({ title, subtitle, bars: all, goal }: BarsOptions): string {
  const most = Math.max(
    ...all.map(({ value, high = 0 }) => Math.max(finite(value), high)),
    goal?.value ?? 0,
    Number.MIN_VALUE,
  );
  const left = Math.max(LEFT, 16 + LETTER * Math.max(0, ...all.map(({ name }) => name.length)));
  const at = (value: number) => left + (finite(value) / most) * (WIDTH - left - RIGHT);
  const bottom = TOP + all.length * ROW;
  const marks = all.flatMap((bar, row) => barMarks(bar, TOP + row * ROW, left, at));
  if (goal) {
    marks.push(line(at(goal.value), TOP - 4, at(goal.value), bottom, 'goal'));
    marks.push(text(at(goal.value), bottom + 14, goal.name, 'tick', 'middle'));
  }
  const subtitled = subtitle === undefined ? {} : { subtitle };
  return framed({ title, ...subtitled, width: WIDTH, height: bottom + (goal ? 24 : 12) }, [
    line(left, TOP - 4, left, bottom, 'rule'),
    ...marks,
  ]);
}

function barMarks(
  { name, value, low, high, ours = false }: Bar,
  top: number,
  left: number,
  at: (value: number) => number,
): string[] {
  const middle = top + ROW / 2;
  const end = Math.max(at(value), high === undefined ? 0 : at(high));
  return [
    text(left - 8, middle + 4, name, ours ? 'title' : '', 'end'),
    `<rect class="${ours ? 'ours' : 'bar'}" x="${round(left)}" y="${top + 4}" width="${round(at(value) - left)}" height="${ROW - 8}" rx="2"/>`,
    ...(low === undefined || high === undefined ? [] : [line(at(low), middle, at(high), middle, 'whisker')]),
    text(end + 6, middle + 4, readable(value), 'soft'),
  ];
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
