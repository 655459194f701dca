/** The relay's sinks. */
import { count, exactly, ms, perSecond, short, span } from '../model/format.ts';
import { sinkLink } from '../model/route.ts';
import { sumOf } from '../model/session-state.ts';
import { standingOfSink } from '../model/sink-state.ts';
import { visible } from '../model/text.ts';
import type { SinkStatus } from '../model/wire.ts';
import { usePage } from './context.ts';
import { now } from './now.ts';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Losses } from './parts/losses.tsx';
import { Sparkline } from './parts/sparkline.tsx';
import { type Column, Table } from './parts/table.tsx';

interface Row {
  readonly sink: SinkStatus;
  readonly line: readonly number[];
  readonly rate: number | undefined;
}

const PLACES = 60;

/** `selected`: the sink whose dead letters are shown. */
export function SinkTable({
  sinks,
  selected,
  inFull = false,
}: {
  sinks: readonly SinkStatus[];
  selected?: string | undefined;
  inFull?: boolean;
}) {
  const { history } = usePage();
  if (sinks.length === 0)
    return <Empty title="No sink is configured" text="Events are read and counted, and go nowhere." />;
  const rows = sinks.map((sink): Row => {
    const series = history.of(`sink ${sink.sink}`);
    return { sink, line: series?.newest('pending', PLACES) ?? [], rate: series?.newest('out', 1)[0] };
  });
  const columns = inFull ? [...COLUMNS, ...MORE] : COLUMNS;
  return (
    <Table
      name="sinks"
      rows={rows}
      columns={columns}
      keyOf={({ sink }) => sink.sink}
      sort="name"
      hrefOf={({ sink }) => sinkLink(sink.sink)}
      {...(selected !== undefined && { isSelected: ({ sink }: Row) => sink.sink === selected })}
    />
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    name: 'name',
    label: 'Sink',
    by: ({ sink }) => sink.sink,
    class: 'main',
    cell: ({ sink }) => (
      <a href={sinkLink(sink.sink)} class="id">
        {visible(sink.sink, 60)}
      </a>
    ),
  },
  {
    name: 'state',
    label: 'State',
    by: ({ sink }) => standingOfSink(sink, 0).word,
    cell: ({ sink }) => <Tip {...standingOfSink(sink, now.value)} />,
  },
  {
    name: 'rate',
    label: 'Events / s',
    isFigure: true,
    by: ({ rate = -1 }) => rate || 0,
    cell: ({ rate }) => perSecond(rate),
  },
  {
    name: 'backlog',
    label: 'Backlog',
    title: 'Events that wait for it',
    isFigure: true,
    by: ({ sink }) => sink.pending,
    cell: ({ sink }) => short(sink.pending),
    hover: ({ sink }) => `${count(sink.pending)} events wait, ${count(sink.parked)} of them for their key`,
  },
  {
    name: 'line',
    label: 'Last minute',
    class: 'line',
    cell: ({ line }) => <Sparkline values={line} places={PLACES} label="Backlog over the last minute" />,
  },
  {
    name: 'lag',
    label: 'Oldest',
    title: 'For how long the oldest that waits has waited',
    isFigure: true,
    by: ({ sink }) => sink.oldestMs ?? 0,
    cell: ({ sink }) => (sink.oldestMs === undefined ? <span class="nought">0 ms</span> : ms(sink.oldestMs)),
  },
];

/** What the sinks' own view tells besides. */
const MORE: readonly Column<Row>[] = [
  {
    name: 'out',
    label: 'Delivered',
    isFigure: true,
    by: ({ sink }) => sink.out,
    cell: ({ sink }) => short(sink.out),
    hover: ({ sink }) => `${count(sink.out)}${sink.movedAt === undefined ? '' : `, last ${exactly(sink.movedAt)}`}`,
  },
  {
    name: 'moved',
    label: 'Last moved',
    isFigure: true,
    by: ({ sink }) => sink.movedAt ?? 0,
    cell: ({ sink }) => (sink.movedAt === undefined ? '–' : span(now.value - sink.movedAt)),
    hover: ({ sink }) => (sink.movedAt === undefined ? undefined : exactly(sink.movedAt)),
  },
  {
    name: 'batch',
    label: 'Batch',
    title: 'Most events of a batch, as the sink takes them now',
    isFigure: true,
    by: ({ sink }) => sink.batchLimit ?? 0,
    cell: ({ sink }) => count(sink.batchLimit),
  },
  {
    name: 'requests',
    label: 'Requests',
    isFigure: true,
    by: ({ sink }) => sink.requests,
    cell: ({ sink }) => short(sink.requests),
    hover: ({ sink }) => `${count(sink.requests)}, of which ${count(sink.retries)} repeated one that failed`,
  },
  {
    name: 'dropped',
    label: 'Dropped, by reason',
    class: 'losses',
    by: ({ sink }) => sumOf(sink.dropped),
    cell: ({ sink }) => <Losses losses={Object.entries(sink.dropped).sort((a, b) => b[1] - a[1])} />,
  },
  {
    name: 'error',
    label: 'Last error',
    class: 'error',
    cell: ({ sink }) => (sink.error === undefined ? <span class="nought">none</span> : visible(sink.error, 300)),
    hover: ({ sink }) => (sink.error === undefined ? undefined : visible(sink.error, 2000)),
  },
];
