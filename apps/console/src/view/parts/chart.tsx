/** Lines over time, drawn by uPlot. A drag zooms, a double click follows the present again. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { secondOf } from '../../model/format.ts';
import type { Aligned } from '../../model/series.ts';
import { isDark } from '../../model/theme.ts';
import { Empty } from './empty.tsx';

export interface Line {
  readonly name: string;
  readonly label: string;
  /** A CSS custom property that holds its colour. */
  readonly colour: string;
  readonly isFaint?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly data: Aligned;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly format: (value: number | undefined) => string;
  /** The top of the axis is here at least. Default 1. */
  readonly least?: number;
  /** Steps that the axis may take. */
  readonly steps?: readonly number[];
  readonly onZoom: (from: number, to: number) => void;
  readonly onReset: () => void;
  /** What to say when there is no figure at all. */
  readonly none: string;
}

/** Figures further apart are not joined. */
const GAP_SECONDS = 25;

export function Chart(props: ChartProps) {
  const { title, lines, data, from, to, format, none } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(props);
  newest.current = props;
  const [at, setAt] = useState<number | null>(null);
  const names = lines.map(({ name }) => name).join();
  const hasFigures = data.slice(1).some((column) => column.some((value) => value !== null));
  useEffect(() => {
    const element = holder.current;
    if (!element || !hasFigures) return;
    const made = new uPlot(optionsOf(newest, element, setAt), newest.current.data as uPlot.AlignedData, element);
    plot.current = made;
    made.over.addEventListener('dblclick', () => newest.current.onReset());
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [names, isDark.value, hasFigures]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(data as uPlot.AlignedData, false);
      plot.current?.setScale('x', { min: from / 1000, max: to / 1000 });
    });
  }, [data, from, to]);

  return (
    <section class="chart" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <ul class="legend num">
          {lines.map(({ name, label, colour, isFaint }, n) => (
            <li key={name} class={isFaint ? 'faint' : ''}>
              <i style={{ background: `var(${colour})` }} />
              {label} <b>{format(valueAt(data[n + 1], at))}</b>
            </li>
          ))}
        </ul>
      </header>
      {hasFigures ? <div class="plot" ref={holder} /> : <Empty title={none} />}
    </section>
  );
}

/** Under the cursor, else the newest. */
function valueAt(column: readonly (number | null)[] | undefined, at: number | null): number | undefined {
  if (!column) return undefined;
  for (let n = at ?? column.length - 1; n >= 0; n--) {
    const value = column[n];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

function optionsOf(
  props: { readonly current: ChartProps },
  { clientWidth: width, clientHeight: height }: HTMLElement,
  onCursor: (at: number | null) => void,
): uPlot.Options {
  const { least = 1, steps } = props.current;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
    font: `11px ${colour('--sans')}`,
  };
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'session', filters: { sub: isMove, pub: isMove } },
      bind: { dblclick: () => null },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true, auto: false }, y: { range: (_, __, max) => [0, Math.max(least, (max ?? 0) * 1.12)] } },
    axes: [
      { ...axis, size: 22, space: 76, values: (plot, at) => at.map((each) => moment(plot, each)) },
      {
        ...axis,
        size: 50,
        space: 32,
        values: (_, values) => values.map((value) => props.current.format(value).replace(/\.0+\b/, '')),
        ...(steps && { incrs: [...steps] }),
      },
    ],
    series: [
      {},
      ...props.current.lines.map(({ label, colour: name, isFaint }) => ({
        label,
        stroke: colour(name),
        width: isFaint ? 1 : 1.75,
        ...(isFaint && { dash: [3, 3] }),
        spanGaps: true,
        points: { show: false },
        gaps: farApart,
      })),
    ],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 5) return;
          props.current.onZoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + wide, 'x') * 1000);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Charts share the cursor; a drag is of the one it is made in. */
const isMove = (type: string) => type !== 'mousedown' && type !== 'mouseup';

/** A moment on the axis: with seconds in a short window alone. */
function moment({ scales }: uPlot, seconds: number): string {
  const text = secondOf(seconds * 1000);
  return (scales.x?.max ?? 0) - (scales.x?.min ?? 0) > 600 ? text.slice(0, 5) : text;
}

/** A figure that comes every ten seconds is joined to the next; one that did not come for longer is not. */
const farApart: uPlot.Series.GapsRefiner = (plot, series, first, last) => {
  const gaps: [number, number][] = [];
  const times = plot.data[0];
  const column = plot.data[series] ?? [];
  let before: number | undefined;
  for (let n = first; n <= last; n++) {
    const at = times[n];
    if (at === undefined || column[n] === null || column[n] === undefined) continue;
    if (before !== undefined && at - before > GAP_SECONDS) {
      gaps.push([Math.round(plot.valToPos(before, 'x', true)), Math.round(plot.valToPos(at, 'x', true))]);
    }
    before = at;
  }
  return gaps;
};
