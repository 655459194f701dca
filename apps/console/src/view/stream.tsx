/** What the session sends: events, newest first, and its log lines. */
import { count } from '../model/format.ts';
import { route, setParam } from '../model/route.ts';
import type { Tone } from '../model/session-state.ts';
import type { TailState, Watch } from '../model/watch.ts';
import { Logs } from './logs.tsx';
import { Tip } from './parts/chip.tsx';
import { Panel } from './parts/panel.tsx';
import { Tail } from './tail.tsx';

type Shown = 'events' | 'logs';

const STATES: Readonly<Record<TailState, readonly [Tone, string, string]>> = {
  connecting: ['warn', 'connecting', 'Asking the trickle server for the events channel'],
  waiting: ['warn', 'waiting', 'The server has no events channel of this session'],
  open: ['good', 'reading', 'Read by this page from the trickle server'],
  lost: ['bad', 'lost, retrying', 'The trickle server does not answer; the page tries again by itself'],
  ended: ['idle', 'channel ended', 'The runner closed its channel; another start is waited for'],
};

export function StreamPanel({ watch }: { watch: Watch }) {
  const shown: Shown = route.value.params.get('show') === 'logs' ? 'logs' : 'events';
  const [tone, word, sentence] = STATES[watch.state.value];
  const show = (name: Shown) => setParam('show', name === 'events' ? '' : name);
  const tab = (name: Shown, label: string) => (
    <button
      type="button"
      role="tab"
      id={`tab-${name}`}
      aria-selected={shown === name}
      aria-controls="stream-panel"
      tabIndex={shown === name ? 0 : -1}
      onClick={() => show(name)}
    >
      {label}
    </button>
  );
  /** There are two: each arrow leads to the other. */
  const turn = (event: KeyboardEvent) => {
    if (event.altKey || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return; // with Alt they are the browser's Back and Forward
    event.preventDefault();
    const other = shown === 'events' ? 'logs' : 'events';
    show(other);
    document.getElementById(`tab-${other}`)?.focus();
  };
  const aside = (
    <>
      <div class="tabs" role="tablist" aria-label="What is shown" onKeyDown={turn}>
        {tab('events', 'Events')}
        {tab('logs', 'Logs')}
      </div>
      <Tip tone={tone} word={word} sentence={watch.why.value ?? sentence} />
      <Counts watch={watch} />
    </>
  );
  return (
    <Panel title="Stream" class="stream" aside={aside}>
      <div class="shown" role="tabpanel" id="stream-panel" aria-labelledby={`tab-${shown}`}>
        {shown === 'events' ? <Tail watch={watch} /> : <Logs watch={watch} />}
      </div>
    </Panel>
  );
}

function Counts({ watch }: { watch: Watch }) {
  watch.changes.version.value;
  const { lines, bad, skipped } = watch.counts;
  return (
    <span class="about num wide">
      {count(lines)} lines{bad > 0 && `, ${count(bad)} unreadable`}
      {skipped > 0 && `, ${count(skipped)} segments missed`}
    </span>
  );
}
