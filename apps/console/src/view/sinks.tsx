/** The sinks: how each stands, its backlog over time, and what it refused. */
import { useState } from 'preact/hooks';
import { ms, perSecond, short } from '../model/format.ts';
import { standingOfSink } from '../model/sink-state.ts';
import { visible } from '../model/text.ts';
import { pauseOrGoOn, timeWindow, zoomTo } from '../model/time-window.ts';
import type { FeedStatus, SinkStatus } from '../model/wire.ts';
import { usePage } from './context.ts';
import { DeadLetters } from './dead-letters.tsx';
import { now } from './now.ts';
import { Chart } from './parts/chart.tsx';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Panel } from './parts/panel.tsx';
import { SinkTable } from './sink-table.tsx';
import { WindowControls } from './window-controls.tsx';

export function SinksView({ status, selected }: { status: FeedStatus; selected: string | undefined }) {
  const { sinks, errands } = status;
  // Chosen once, so that what is looked at does not change by itself.
  const [worst] = useState(() => (sinks.find(needsALook) ?? sinks[0])?.sink);
  const wanted = selected ?? worst;
  const sink = sinks.find(({ sink }) => sink === wanted);
  return (
    <div class="view sinks-view">
      <Panel title="Sinks" class="sinks">
        <SinkTable sinks={sinks} selected={sink?.sink} inFull />
      </Panel>
      {sink ? (
        <>
          <SinkCharts sink={sink} />
          <DeadLetters key={sink.sink} sink={sink} errands={errands.filter((errand) => errand.sink === sink.sink)} />
        </>
      ) : (
        selected !== undefined && (
          <Empty
            title={`There is no sink “${visible(selected, 60)}”`}
            action={
              <a class="button" href="#/sinks">
                All sinks
              </a>
            }
          />
        )
      )}
    </div>
  );
}

const needsALook = ({ state, dead }: SinkStatus) => dead > 0 || state === 'paused' || state === 'backing_off';

function SinkCharts({ sink }: { sink: SinkStatus }) {
  const series = usePage().history.of(`sink ${sink.sink}`);
  const { lengthMs, to: stopped } = timeWindow();
  const to = stopped ?? now.value;
  const from = to - lengthMs;
  const shared = { from, to, onZoom: zoomTo, onReset: () => stopped !== undefined && pauseOrGoOn() };
  const data = (name: string) => series?.window([name], from, to) ?? ([[], []] as [number[], number[]]);
  const standing = standingOfSink(sink, now.value);
  return (
    <Panel
      title={visible(sink.sink, 60)}
      class="charts"
      aside={
        <>
          <Tip {...standing} />
          <WindowControls lengthMs={lengthMs} stopped={stopped} from={from} />
        </>
      }
    >
      <p class={`standing ${standing.tone}`}>{visible(standing.sentence, 600)}</p>
      <div class="grid three">
        <Chart
          title="Delivered / s"
          lines={[{ name: 'out', label: 'events', colour: '--c1' }]}
          data={data('out')}
          format={perSecond}
          none="No figures yet"
          least={10}
          {...shared}
        />
        <Chart
          title="Backlog"
          lines={[{ name: 'pending', label: 'events', colour: '--c2' }]}
          data={data('pending')}
          format={short}
          none="No figures yet"
          least={10}
          {...shared}
        />
        <Chart
          title="Oldest that waits"
          lines={[{ name: 'oldestMs', label: 'age', colour: '--c3' }]}
          data={data('oldestMs')}
          format={ms}
          none="No figures yet"
          least={10}
          {...shared}
        />
      </div>
    </Panel>
  );
}
