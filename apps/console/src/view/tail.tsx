/** The tail of events. Only the rows that are seen are drawn; while it stands still, what comes is counted. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Filtered } from '../model/filtered.ts';
import { count, exactly, timeOf } from '../model/format.ts';
import { route, setParam } from '../model/route.ts';
import { summaryOf, type TailEvent } from '../model/tail-event.ts';
import { visible } from '../model/text.ts';
import { MOST_EVENTS, type Watch } from '../model/watch.ts';
import { EventDetail } from './event-detail.tsx';
import { Empty } from './parts/empty.tsx';
import { Icon } from './parts/icon.tsx';
import { Search } from './parts/search.tsx';

/** As the style sheet has it. */
const ROW_PX = 24;
/** Drawn above and below what is seen. */
const SPARE = 4;

export function Tail({ watch }: { watch: Watch }) {
  watch.changes.version.value;
  const { params } = route.value;
  const [type, text] = [params.get('type') ?? '', params.get('q') ?? ''];
  const filtered = useMemo(() => new Filtered(type, text), [watch, type, text]);
  const [held, setHeld] = useState<{ rows: readonly TailEvent[]; at: number }>();
  // A signal, so that keys pressed within one frame each move it.
  const selected = useSignal<TailEvent | undefined>(undefined);
  const events = filtered.of(watch.events);
  const rows = held?.rows ?? events.newest(MOST_EVENTS);
  const hold = () => setHeld((before) => before ?? { rows: events.newest(MOST_EVENTS), at: watch.counts.lines });
  const goOn = () => {
    setHeld(undefined);
    selected.value = undefined;
  };
  useEffect(goOn, [filtered]);
  return (
    <div class={`tail ${selected.value ? 'split' : ''}`}>
      <div class="tools">
        <TypeFilter watch={watch} type={type} />
        <Search name="q" label="Text in the line" isMain />
        <button
          type="button"
          data-key="p"
          onClick={held ? goOn : hold}
          aria-pressed={held !== undefined}
          title={held ? 'Go on (p)' : 'Pause (p)'}
        >
          <Icon name={held ? 'play' : 'pause'} />
          {held ? 'Go on' : 'Pause'}
        </button>
        {held && <span class="tag warn num">{count(watch.counts.lines - held.at)} new</span>}
      </div>
      {rows.length === 0 ? (
        <Empty
          title={type === '' && text === '' ? 'No events yet' : 'No event matches'}
          text={
            type === '' && text === ''
              ? 'They are shown as they come.'
              : `Looked through the newest ${count(watch.events.length)} lines.`
          }
          busy={type === '' && text === ''}
        />
      ) : (
        <Rows
          rows={rows}
          selected={selected}
          onLeaveTop={hold}
          onSelect={(event) => {
            hold();
            selected.value = event;
          }}
        />
      )}
      {selected.value && (
        <EventDetail
          event={selected.value}
          onClose={() => {
            selected.value = undefined;
          }}
        />
      )}
    </div>
  );
}

function TypeFilter({ watch, type }: { watch: Watch; type: string }) {
  const names = [...watch.types].sort((a, b) => b[1] - a[1]);
  if (type !== '' && !watch.types.has(type)) names.push([type, 0]);
  return (
    <select
      value={type}
      aria-label="Type of event"
      onChange={({ currentTarget }) => setParam('type', currentTarget.value)}
    >
      <option value="">All types</option>
      {names.map(([name, n]) => (
        <option key={name} value={name}>
          {visible(name, 60)} ({count(n)})
        </option>
      ))}
    </select>
  );
}

interface RowsProps {
  readonly rows: readonly TailEvent[];
  readonly selected: Signal<TailEvent | undefined>;
  /** The person scrolls down: what is there must not run away. */
  readonly onLeaveTop: () => void;
  readonly onSelect: (event: TailEvent) => void;
}

function Rows({ rows, selected, onLeaveTop, onSelect }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 480 });
  const measure = () => {
    const { scrollTop: top = 0, clientHeight: height = 480 } = box.current ?? {};
    if (top > ROW_PX) onLeaveTop();
    setPlace({ top, height });
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(place.top / ROW_PX) - SPARE);
  const seen = rows.slice(first, first + Math.ceil(place.height / ROW_PX) + 2 * SPARE);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next =
      rows[Math.max(0, Math.min(rows.length - 1, (selected.value ? rows.indexOf(selected.value) : -1) + step))];
    if (!next || !box.current) return;
    onSelect(next);
    const y = rows.indexOf(next) * ROW_PX;
    if (y < box.current.scrollTop) box.current.scrollTop = y;
    if (y + ROW_PX > box.current.scrollTop + box.current.clientHeight)
      box.current.scrollTop = y + ROW_PX - box.current.clientHeight;
  };
  return (
    <div class="rows" ref={box} onScroll={measure} onKeyDown={move} tabIndex={0} role="listbox" aria-label="Events">
      <div class="all" style={{ height: `${rows.length * ROW_PX}px` }}>
        {seen.map((event, n) => (
          <Row
            key={n}
            event={event}
            top={(first + n) * ROW_PX}
            isSelected={event === selected.value}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly event: TailEvent;
  readonly top: number;
  readonly isSelected: boolean;
  readonly onSelect: (event: TailEvent) => void;
}

/** Rows have places, not identities: a place's element is used again for what stands there next. */
function Row({ event, top, isSelected, onSelect }: RowProps) {
  const { at, kind, type, note } = event;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list moves the selection by arrow keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      class={`row ${kind === 'telemetry' ? '' : 'message'} ${note === undefined ? '' : 'note'}`}
      role="option"
      aria-selected={isSelected}
      style={{ top: `${top}px` }}
      onClick={() => onSelect(event)}
    >
      <time title={exactly(at)}>{timeOf(at)}</time>
      <span class="type">{visible(type, 60)}</span>
      <span class="text">{summaryOf(event)}</span>
    </div>
  );
}
