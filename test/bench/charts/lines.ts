/** How something grows: one line for each series, on axes that may be logarithmic. */
import { framed, line, PALETTE, readable, round, text } from './frame.ts';

export interface Series {
  readonly name: string;
  /** Pairs of x and y, x growing. */
  readonly points: readonly (readonly [number, number])[];
}

export interface LinesOptions {
  readonly title: string;
  readonly subtitle?: string;
  readonly x: string;
  readonly series: readonly Series[];
  /** x by powers of ten; every x is above 0 then. Default: false. */
  readonly logX?: boolean;
}

/** A line of more points than this has none marked. */
const MOST_DOTS = 30;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 320, 70, 160, 60, 48];

/** The text of an SVG file, 760 by 320. y begins at 0. */
export function lines({ title, subtitle, x: label, series, logX = false }: LinesOptions): string {
  const scale = (x: number) => (logX ? Math.log10(x) : x);
  const points = series.flatMap((each) => each.points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const [first = 0, last = 1] = [xs[0], xs.at(-1)];
  const step = roundStep(Math.max(...points.map(([, y]) => y), Number.MIN_VALUE));
  const most = step * Math.ceil(Math.max(...points.map(([, y]) => y)) / step) || step;
  const span = scale(last) - scale(first) || 1;
  const left = (x: number) => LEFT + ((scale(x) - scale(first)) / span) * (WIDTH - LEFT - RIGHT);
  const top = (y: number) => HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM);
  const marks = [
    ...multiples(step, 0, most).flatMap((y) => [
      line(LEFT, top(y), WIDTH - RIGHT, top(y), 'rule'),
      text(LEFT - 8, top(y) + 4, readable(y), 'tick', 'end'),
    ]),
    ...(logX ? labelled(xs, left) : multiples(roundStep(last - first), first, last)).map((x) =>
      text(left(x), HEIGHT - BOTTOM + 18, readable(x), 'tick', 'middle'),
    ),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, label, 'soft', 'middle'),
    ...series.flatMap(({ name, points: mine }, index) => {
      const colour = PALETTE[index % PALETTE.length];
      const dots = mine.length > MOST_DOTS ? [] : mine;
      const path = mine.map(([x, y], at) => `${at ? 'L' : 'M'}${round(left(x))} ${round(top(y))}`).join('');
      return [
        `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...dots.map(([x, y]) => `<circle cx="${round(left(x))}" cy="${round(top(y))}" r="2.5" fill="${colour}"/>`),
        `<rect x="${WIDTH - RIGHT + 14}" y="${TOP + index * 20 - 9}" width="10" height="10" fill="${colour}"/>`,
        text(WIDTH - RIGHT + 30, TOP + index * 20, name),
      ];
    }),
  ];
  return framed({ title, ...(subtitle !== undefined && { subtitle }), width: WIDTH, height: HEIGHT }, marks);
}

/** 1, 2 or 5 times a power of ten, four to ten of which make up the span. */
function roundStep(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span || 1));
  return (span / power >= 4 ? 1 : span / power >= 2 ? 0.5 : 0.2) * power;
}

function multiples(step: number, from: number, to: number): number[] {
  const [first, last] = [Math.ceil(from / step), Math.floor(to / step + 1e-9)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => (first + n) * step);
}

/** Those of the values whose labels do not run into each other. */
function labelled(xs: readonly number[], left: (x: number) => number): number[] {
  const kept: number[] = [];
  for (const x of xs) if (kept.length === 0 || left(x) - left(kept.at(-1) ?? x) > 50) kept.push(x);
  return kept;
}
