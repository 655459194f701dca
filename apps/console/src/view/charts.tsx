/** A session's figures over time: one window for all of them, which follows the present or stands still. */
import { ms, perSecond } from '../model/format.ts';
import type { Series } from '../model/series.ts';
import { visible } from '../model/text.ts';
import { pauseOrGoOn, timeWindow, zoomTo } from '../model/time-window.ts';
import type { Watch } from '../model/watch.ts';
import { now } from './now.ts';
import { Chart, type Line } from './parts/chart.tsx';
import { Panel } from './parts/panel.tsx';
import { WindowControls } from './window-controls.tsx';

const COLOURS = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6'] as const;
/** More lines than this in one chart, and none can be followed. */
const MOST_LINES = 6;

interface Kind {
  readonly title: string;
  /** Which figures it shows. */
  readonly holds: (name: string) => boolean;
  readonly format: (value: number | undefined) => string;
  readonly none: string;
  readonly least?: number;
  readonly steps?: readonly number[];
}

const MEGABYTE_STEPS = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
const PERCENT_STEPS = [10, 25, 50, 100, 200, 400];

const megabytes = (n: number | undefined) =>
  n === undefined ? '–' : n === 0 ? '0' : n >= 1024 ? `${(n / 1024).toFixed(1)} G` : `${n.toFixed(0)} M`;
const percent = (n: number | undefined) => (n === undefined ? '–' : `${n.toFixed(0)} %`);

/** By the names that runners give their figures. EGRESS 1.21. */
const KINDS: readonly Kind[] = [
  {
    title: 'Frames / s',
    holds: (name) => /^(fps_in|fps_out|pipeline_fps)$/.test(name),
    format: perSecond,
    none: 'No frame rate has come',
  },
  { title: 'Stage times', holds: (name) => / p(50|99)$/.test(name), format: ms, none: 'No stage times have come' },
  {
    title: 'Memory',
    holds: (name) => /^(rss_mb|heap_used_mb)$/.test(name),
    format: megabytes,
    none: 'The runner tells no memory figures',
    steps: MEGABYTE_STEPS,
  },
  {
    title: 'GPU memory',
    holds: (name) => /^(vram|gpu).*_mb$/.test(name),
    format: megabytes,
    none: 'The runner tells no GPU figures',
    steps: MEGABYTE_STEPS,
  },
  {
    title: 'Load',
    holds: (name) => /^(cpu_percent|host_memory_used_percent|gpu_.*percent)$/.test(name),
    format: percent,
    none: 'The runner tells no load figures',
    least: 100,
    steps: PERCENT_STEPS,
  },
];

export function Charts({ watch, history }: { watch: Watch; history: Series | undefined }) {
  const { lengthMs, to: stopped } = timeWindow();
  const to = stopped ?? now.value;
  const from = to - lengthMs;
  const shared = { from, to, onZoom: zoomTo, onReset: () => stopped !== undefined && pauseOrGoOn() };
  const eventLines: Line[] = [{ name: 'in', label: 'events', colour: '--c1' }];
  return (
    <Panel title="Figures" class="charts" aside={<WindowControls lengthMs={lengthMs} stopped={stopped} from={from} />}>
      <div class="grid">
        {KINDS.slice(0, 2).map((kind) => (
          <KindChart key={kind.title} kind={kind} series={watch.figures} {...shared} />
        ))}
        <Chart
          title="Events / s"
          lines={eventLines}
          data={history?.window(['in'], from, to) ?? [[], []]}
          format={perSecond}
          none="No figures yet"
          {...shared}
        />
        {KINDS.slice(2).map((kind) => (
          <KindChart key={kind.title} kind={kind} series={watch.figures} {...shared} />
        ))}
      </div>
    </Panel>
  );
}

interface KindProps {
  readonly kind: Kind;
  readonly series: Series;
  readonly from: number;
  readonly to: number;
  readonly onZoom: (from: number, to: number) => void;
  readonly onReset: () => void;
}

function KindChart({ kind, series, ...rest }: KindProps) {
  const { holds, ...shown } = kind;
  const lines = linesOf(series.names.filter(holds));
  const names = lines.map(({ name }) => name);
  return <Chart {...shown} lines={lines} data={series.window(names, rest.from, rest.to)} {...rest} />;
}

/** The p99 of a stage has the colour of its p50, and is fainter. */
function linesOf(names: readonly string[]): Line[] {
  const stems = [...new Set(names.map(stemOf))].slice(0, MOST_LINES);
  return names
    .filter((name) => stems.includes(stemOf(name)))
    .map((name) => ({
      name,
      label: labelOf(name),
      colour: COLOURS[stems.indexOf(stemOf(name))] ?? '--c1',
      isFaint: name.endsWith(' p99'),
    }));
}

const stemOf = (name: string) => name.replace(/ p\d+$/, '');
const LABELS = new Map([
  ['fps_in', 'in'],
  ['fps_out', 'out'],
  ['pipeline_fps', 'pipeline could'],
  ['rss_mb', 'resident'],
  ['heap_used_mb', 'heap'],
  ['cpu_percent', 'processor'],
  ['host_memory_used_percent', 'host memory'],
]);
const labelOf = (name: string) =>
  LABELS.get(name) ??
  visible(
    name
      .replace(/ p50$/, '')
      .replace(/^vram_/, '')
      .replace(/_(mb|percent)$/, '')
      .replaceAll('_', ' '),
    40,
  );
