/** The tail of events. Only the rows that are seen are drawn; while it stands still, what comes is counted. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Arrivals, Filtered, filterOf } from '../model/filtered.ts';
import { count, exactly, timeOf } from '../model/format.ts';
import type { Ring } from '../model/ring.ts';
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

/** The lines as they were when the tail was stopped, newest first. */
interface Held {
  readonly lines: readonly TailEvent[];
  /** Those that were shown, by the filter there was: it keeps lines that are no longer among all. */
  readonly shown: readonly TailEvent[];
  readonly type: string;
  readonly text: string;
  readonly n: number;
  readonly pushed: number;
}

/** Newest first; a live tail is not copied to be drawn. */
interface Lines {
  readonly length: number;
  slice(first: number, end: number): readonly TailEvent[];
}

export function Tail({ watch }: { watch: Watch }) {
  watch.changes.version.value;
  const { params } = route.value;
  const [type, text] = [params.get('type') ?? '', params.get('q') ?? ''];
  const filter = useMemo(() => filterOf(type, text), [type, text]);
  const filtered = useMemo(() => new Filtered(filter), [watch, filter]);
  const [held, setHeld] = useState<Held>();
  const stopped = useMemo(() => {
    if (held?.type === type && held.text === text) return held.shown;
    return filter ? held?.lines.filter(filter) : held?.lines;
  }, [held, filter]);
  const arrivals = useMemo(() => held && new Arrivals(filter, held), [held, filter]);
  // A signal, so that keys pressed within one frame each move it.
  const selected = useSignal<TailEvent | undefined>(undefined);
  // Looked at while it stands still too: what comes then is there when it goes on.
  const coming = live(filtered.of(watch.events));
  const lines = stopped ?? coming;
  const { pushed } = watch.events;
  /** As it is drawn: what has come since is not under the pointer. */
  const hold = () =>
    setHeld((before) => {
      if (before) return before;
      const lines = watch.events.older(watch.events.pushed - pushed, MOST_EVENTS);
      return { lines, shown: coming.slice(0, coming.length), type, text, n: lines[0]?.n ?? 0, pushed };
    });
  const goOn = () => {
    setHeld(undefined);
    selected.value = undefined;
  };
  useEffect(goOn, [watch]);
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
        {arrivals && <span class="tag warn num">{count(arrivals.of(watch.events))} new</span>}
      </div>
      {lines.length === 0 ? (
        <Empty
          title={filter ? 'No event matches' : 'No events yet'}
          text={
            filter
              ? `Looked through the newest ${count(held?.lines.length ?? watch.events.length)} lines.`
              : 'They are shown as they come.'
          }
          busy={!filter}
        />
      ) : (
        <Rows
          lines={lines}
          isLive={!stopped}
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

/** As they are now: what comes until the next drawing is not among them. */
function live(ring: Ring<TailEvent>): Lines {
  const { length, pushed } = ring;
  return { length, slice: (first, end) => ring.older(first + ring.pushed - pushed, end - first) };
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
  readonly lines: Lines;
  /** Lines come in at the top. */
  readonly isLive: boolean;
  readonly selected: Signal<TailEvent | undefined>;
  /** The person scrolls down: what is there must not run away. */
  readonly onLeaveTop: () => void;
  readonly onSelect: (event: TailEvent) => void;
}

function Rows({ lines, isLive, selected, onLeaveTop, onSelect }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 480 });
  const measure = () => {
    const { scrollTop: top = 0, clientHeight: height = 480 } = box.current ?? {};
    if (top > ROW_PX) onLeaveTop();
    setPlace({ top, height });
  };
  const measureNow = useRef(measure);
  measureNow.current = measure;
  useEffect(() => {
    const observer = new ResizeObserver(() => measureNow.current());
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  // Before anything is measured: lines that come must not find it scrolled, and stop again.
  useLayoutEffect(() => {
    if (isLive && box.current) box.current.scrollTop = 0;
  }, [isLive]);
  const first = Math.max(0, Math.floor(place.top / ROW_PX) - SPARE);
  const seen = lines.slice(first, first + Math.ceil(place.height / ROW_PX) + 2 * SPARE);
  const chosen = selected.value;
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const all = lines.slice(0, lines.length);
    const from = selected.peek();
    const to = Math.max(0, Math.min(all.length - 1, (from ? all.indexOf(from) : -1) + step));
    const next = all[to];
    if (!next) return;
    onSelect(next);
    show(box.current, to * ROW_PX);
  };
  return (
    <div
      class="rows"
      ref={box}
      onScroll={measure}
      onKeyDown={move}
      tabIndex={0}
      role="listbox"
      aria-label="Events"
      aria-activedescendant={chosen && seen.includes(chosen) ? idOf(chosen) : undefined}
    >
      <div class="all" style={{ height: `${lines.length * ROW_PX}px` }}>
        {seen.map((event, n) => (
          <Row
            key={n}
            event={event}
            place={first + n}
            of={lines.length}
            isSelected={event === chosen}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

/** Scrolls no further than it takes to see the row at `y`. */
function show(box: HTMLElement | null, y: number): void {
  if (!box) return;
  if (y < box.scrollTop) box.scrollTop = y;
  if (y + ROW_PX > box.scrollTop + box.clientHeight) box.scrollTop = y + ROW_PX - box.clientHeight;
}

const idOf = ({ n }: TailEvent) => `line-${n}`;

interface RowProps {
  readonly event: TailEvent;
  /** From the newest, 0. */
  readonly place: number;
  readonly of: number;
  readonly isSelected: boolean;
  readonly onSelect: (event: TailEvent) => void;
}

/** Rows have places, not identities: a place's element is used again for what stands there next. */
function Row({ event, place, of, isSelected, onSelect }: RowProps) {
  const { at, kind, type, note } = event;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list moves the selection by arrow keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      class={`row ${kind === 'telemetry' ? '' : 'message'} ${note === undefined ? '' : 'note'}`}
      id={idOf(event)}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place + 1}
      aria-setsize={of}
      style={{ top: `${place * ROW_PX}px` }}
      onClick={() => onSelect(event)}
    >
      <time title={exactly(at)}>{timeOf(at)}</time>
      <span class="type">{visible(type, 60)}</span>
      <span class="text">{summaryOf(event)}</span>
    </div>
  );
}
