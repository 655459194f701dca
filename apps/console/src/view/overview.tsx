/** Everything at a glance: sessions, sinks, and the channels of the server. */

import { channelNamed } from '../model/channels.ts';
import { count, ms, perSecond, short } from '../model/format.ts';
import { lossesOf, standingOf, sumOf } from '../model/session-state.ts';
import type { FeedStatus } from '../model/wire.ts';
import { ChannelTable } from './channel-table.tsx';
import { usePage } from './context.ts';
import { Figure, Panel } from './parts/panel.tsx';
import { Search } from './parts/search.tsx';
import { Sparkline } from './parts/sparkline.tsx';
import { SessionTable } from './session-table.tsx';
import { SinkTable } from './sink-table.tsx';

export function Overview({ status }: { status: FeedStatus }) {
  return (
    <div class="view overview">
      <Totals status={status} />
      <Panel title="Sessions" class="sessions" aside={<Search name="q" label="Search sessions and channels" isMain />}>
        <SessionTable status={status} />
      </Panel>
      <Panel title="Sinks" class="sinks">
        <SinkTable sinks={status.sinks} />
      </Panel>
      <Panel title="Channels" class="channels">
        <ChannelTable />
      </Panel>
    </div>
  );
}

function Totals({ status }: { status: FeedStatus }) {
  const { history, channels } = usePage();
  const { sessions, sinks } = status;
  const all = history.of('all');
  const line = (name: string, label: string) => (
    <Sparkline values={all?.newest(name, 120) ?? []} places={120} label={label} />
  );
  const last = (name: string) => all?.newest(name, 1)[0];
  const live = sessions.filter(
    (session) =>
      standingOf(session, channelNamed(channels.value, `${session.id}-events`), history.quietMs(session.id)).tone ===
      'good',
  );
  const lost = sessions.reduce((sum, session) => sum + lossesOf(session).reduce((total, [, n]) => total + n, 0), 0);
  const undelivered = sinks.reduce((sum, { dropped }) => sum + sumOf(dropped), 0);
  const backlog = Math.max(0, ...sinks.map(({ pending }) => pending));
  return (
    <div class="tiles">
      <Figure name="Sessions live" title={`${live.length} of ${sessions.length} sessions are live`}>
        {count(live.length)}
        <small> / {count(sessions.length)}</small>
      </Figure>
      <Figure name="Events / s" spark={line('in', 'Events per second over the last two minutes')}>
        {perSecond(last('in'))}
      </Figure>
      <Figure
        name="Latency p99"
        title="One way: from the event's stamp to its arrival here; the slowest session's, over 10 s"
        spark={line('p99', 'Latency over the last two minutes')}
      >
        {ms(finite(last('p99')))}
      </Figure>
      <Figure
        name="Backlog"
        title="Events that wait for the sink furthest behind"
        tone={backlog > 1000 ? 'warn' : ''}
        spark={line('backlog', 'Backlog over the last two minutes')}
      >
        {short(backlog)}
      </Figure>
      <Figure
        name="Lost before the journal"
        title="Dropped by runners, lost on channels, or unreadable"
        tone={lost > 0 ? 'warn' : ''}
      >
        {short(lost)}
      </Figure>
      <Figure
        name="Not delivered"
        title="Dropped by lanes, dead letters among them"
        tone={undelivered > 0 ? 'bad' : ''}
      >
        {short(undelivered)}
      </Figure>
    </div>
  );
}

const finite = (n: number | undefined) => (n === undefined || !Number.isFinite(n) ? undefined : n);
