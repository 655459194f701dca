/** The relay's sessions. */
import { channelNamed } from '../model/channels.ts';
import { count, exactly, ms, perSecond, short, span } from '../model/format.ts';
import { route, sessionLink } from '../model/route.ts';
import { lossesOf, type Standing, standingOf } from '../model/session-state.ts';
import { visible } from '../model/text.ts';
import type { FeedStatus, SessionStatus } from '../model/wire.ts';
import { usePage } from './context.ts';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Losses } from './parts/losses.tsx';
import { Sparkline } from './parts/sparkline.tsx';
import { type Column, Table } from './parts/table.tsx';

interface Row {
  readonly session: SessionStatus;
  readonly standing: Standing;
  readonly ageMs: number | undefined;
  readonly rate: number;
  readonly line: readonly number[];
  readonly losses: readonly (readonly [string, number])[];
}

const PLACES = 60;
const ORDER = { bad: 0, warn: 1, good: 2, idle: 3 } as const;

export function SessionTable({ status }: { status: FeedStatus }) {
  const { history, channels } = usePage();
  if (status.sessions.length === 0) {
    return <Empty title="No session is open" text="A relay opens sessions by id: `runnel relay --session demo`." />;
  }
  const wanted = (route.value.params.get('q') ?? '').toLowerCase();
  const found = status.sessions.filter(({ id }) => id.toLowerCase().includes(wanted));
  if (found.length === 0)
    return (
      <Empty
        title="No session matches"
        text={`None of ${status.sessions.length} has “${visible(wanted, 60)}” in its id.`}
      />
    );
  const rows = found.map((session): Row => {
    const line = history.of(`session ${session.id}`)?.newest('in', PLACES) ?? [];
    const standing = standingOf(
      session,
      channelNamed(channels.value, `${session.id}-events`),
      history.quietMs(session.id),
    );
    const ageMs = session.openedAt === undefined ? undefined : status.at - session.openedAt;
    return { session, standing, ageMs, rate: history.perSecond(session.id), line, losses: lossesOf(session) };
  });
  return (
    <Table
      name="sessions"
      rows={rows}
      columns={COLUMNS}
      keyOf={({ session }) => session.id}
      sort="state"
      hrefOf={({ session }) => sessionLink(session.id)}
    />
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    name: 'id',
    label: 'Session',
    by: ({ session }) => session.id,
    class: 'main',
    cell: ({ session }) => (
      <a href={sessionLink(session.id)} class="id">
        {visible(session.id, 80)}
      </a>
    ),
  },
  {
    name: 'state',
    label: 'State',
    by: ({ standing, session }) => `${ORDER[standing.tone]} ${standing.word} ${session.id}`,
    cell: ({ standing }) => <Tip {...standing} />,
  },
  {
    name: 'age',
    label: 'Age',
    isFigure: true,
    by: ({ ageMs = 0 }) => ageMs,
    cell: ({ ageMs }) => span(ageMs),
    hover: ({ session }) => (session.openedAt === undefined ? undefined : `Opened ${exactly(session.openedAt)}`),
  },
  {
    name: 'line',
    label: 'Last minute',
    class: 'line',
    cell: ({ line }) => <Sparkline values={line} places={PLACES} label="Events per second over the last minute" />,
  },
  {
    name: 'rate',
    label: 'Events / s',
    isFigure: true,
    by: ({ rate }) => (Number.isNaN(rate) ? -1 : rate),
    cell: ({ rate }) => perSecond(rate),
  },
  {
    name: 'p50',
    label: 'p50',
    title: "One-way latency: from the event's stamp to its arrival, over 10 s",
    isFigure: true,
    by: ({ session }) => session.latencyMs?.p50 ?? -1,
    cell: ({ session }) => ms(session.latencyMs?.p50),
  },
  {
    name: 'p99',
    label: 'p99',
    title: "One-way latency: from the event's stamp to its arrival, over 10 s",
    isFigure: true,
    by: ({ session }) => session.latencyMs?.p99 ?? -1,
    cell: ({ session }) => ms(session.latencyMs?.p99),
  },
  {
    name: 'total',
    label: 'Events',
    isFigure: true,
    by: ({ session }) => session.telemetry.in,
    cell: ({ session }) => short(session.telemetry.in),
    hover: ({ session }) => count(session.telemetry.in),
  },
  {
    name: 'skipped',
    label: 'Skipped',
    title: "Segments that left the server's window before they were read",
    isFigure: true,
    by: ({ session }) => session.segmentsSkipped,
    cell: ({ session }) => <Zero n={session.segmentsSkipped} />,
  },
  {
    name: 'dropped',
    label: 'Dropped, by reason',
    by: ({ losses }) => losses.reduce((sum, [, n]) => sum + n, 0),
    class: 'losses',
    cell: ({ losses }) => <Losses losses={losses} />,
  },
];

/** A nought is good news, and quiet. */
export const Zero = ({ n }: { n: number }) => <span class={n === 0 ? 'nought' : 'loss'}>{short(n)}</span>;
