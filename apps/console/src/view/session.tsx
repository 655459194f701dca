/** One session: its picture, its figures over time, what it sends, what was asked of it, and its books. */
import { channelNamed } from '../model/channels.ts';
import { count, exactly, ms, perSecond, short, span } from '../model/format.ts';
import { lossesOf, standingOf } from '../model/session-state.ts';
import { visible } from '../model/text.ts';
import type { FeedStatus } from '../model/wire.ts';
import { Charts } from './charts.tsx';
import { usePage } from './context.ts';
import { ControlPanel } from './control.tsx';
import { LedgerPanel } from './ledger.tsx';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Losses } from './parts/losses.tsx';
import { Figure } from './parts/panel.tsx';
import { Sparkline } from './parts/sparkline.tsx';
import { PicturePanel } from './picture.tsx';
import { StreamPanel } from './stream.tsx';

export function SessionView({ status, id }: { status: FeedStatus; id: string }) {
  const page = usePage();
  const session = status.sessions.find((each) => each.id === id);
  const server = page.feed.hello.value?.server;
  if (!session || server === undefined) {
    return (
      <Empty
        title={`The relay has no session “${visible(id, 60)}”`}
        text="It may have been closed, or the link is from another relay."
        action={
          <a class="button" href="#/">
            All sessions
          </a>
        }
      />
    );
  }
  const watch = page.watch(server, id);
  const history = page.history.of(`session ${id}`);
  const rate = history?.newest('in', 120) ?? [];
  const standing = standingOf(session, channelNamed(page.channels.value, `${id}-events`), page.history.quietMs(id));
  return (
    <div class="view session">
      <div class="head">
        <h1 title={visible(id)}>{visible(id, 120)}</h1>
        <Tip {...standing} />
        <p class="dim wide">{standing.sentence}</p>
      </div>
      <div class="tiles">
        <Figure
          name="Events / s"
          spark={<Sparkline values={rate} places={120} label="Events per second over the last two minutes" />}
        >
          {perSecond(rate.at(-1))}
        </Figure>
        <Figure
          name="Latency p50 / p99"
          title="One way: from the event's stamp to its arrival, over 10 s"
          spark={
            <Sparkline
              values={history?.newest('p99', 120) ?? []}
              places={120}
              label="Latency p99 over the last two minutes"
            />
          }
        >
          {ms(session.latencyMs?.p50)} <small>/ {ms(session.latencyMs?.p99)}</small>
        </Figure>
        <Figure name="Events" title={count(session.telemetry.in)}>
          {short(session.telemetry.in)}
        </Figure>
        <Figure name="Dropped" tone={lossesOf(session).length > 0 ? 'warn' : ''}>
          <Losses losses={lossesOf(session)} />
        </Figure>
        <Figure name="Age" title={session.openedAt === undefined ? '' : `Opened ${exactly(session.openedAt)}`}>
          {span(session.openedAt === undefined ? undefined : status.at - session.openedAt)}
        </Figure>
        <Figure name="To the runner and back" title="The newest ping's way">
          {ms(session.pings.rttMs)}
        </Figure>
      </div>
      <div class="columns">
        <div>
          <PicturePanel server={server} session={id} />
          <ControlPanel session={id} />
          <LedgerPanel session={session} status={status} withheld={watch.withheld.value} />
        </div>
        <div>
          <Charts watch={watch} history={history} />
          <StreamPanel watch={watch} />
        </div>
      </div>
    </div>
  );
}
