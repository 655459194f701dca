/** The relay's figures as they come, and what came while nobody looked. */
import { type Signal, signal } from '@preact/signals';
import { backoffMs } from '@runnel/pubsub/browser';
import { ask, type EndpointError } from './endpoint.ts';
import type { FeedStatus, Hello } from './wire.ts';

export type FeedState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Moments in milliseconds since 1970. */
  | { readonly kind: 'lost'; readonly since: number; readonly retryAt: number; readonly why: string }
  | { readonly kind: 'denied'; readonly why: string };

/** What a connection that came back did not see. */
export interface Missed {
  /** How long it was away, in milliseconds. */
  readonly forMs: number;
  /** Events that came meanwhile; undefined if the relay was restarted, since counters began anew. */
  readonly events: number | undefined;
  readonly restarted: boolean;
}

export interface Feed {
  readonly state: Signal<FeedState>;
  readonly hello: Signal<Hello | undefined>;
  /** The newest tick; it stays when the connection is lost. */
  readonly status: Signal<FeedStatus | undefined>;
  readonly missed: Signal<Missed | undefined>;
  /** Told of each tick, in order. */
  onTick(listener: (status: FeedStatus) => void): void;
  /** Tries at once, if it is lost. */
  retry(): void;
}

/** Longer than this without a tick, and the connection counts as lost: the relay may hang without closing it. */
const SILENT_MS = 10_000;
/** Gaps shorter than this are not told: a page that was merely busy missed nothing. */
const WORTH_TELLING_MS = 3_000;

export function openFeed(path = 'feed'): Feed {
  const state = signal<FeedState>({ kind: 'connecting' });
  const hello = signal<Hello | undefined>(undefined);
  const status = signal<FeedStatus | undefined>(undefined);
  const missed = signal<Missed | undefined>(undefined);
  const listeners: ((status: FeedStatus) => void)[] = [];
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let startedAt: number | undefined;
  /** Whether the connection has brought no tick yet. */
  let isFresh = true;

  function connect(): void {
    const opened = new EventSource(path);
    source?.close();
    source = opened;
    isFresh = true;
    opened.addEventListener('hello', ({ data }) => {
      hello.value = JSON.parse(data);
    });
    opened.addEventListener('status', ({ data }) => take(JSON.parse(data)));
    opened.onerror = () => void lost(opened);
    listen(opened);
  }

  function listen(to: EventSource | undefined): void {
    clearTimeout(timer);
    timer = setTimeout(() => void lost(to), SILENT_MS);
  }

  function take(tick: FeedStatus): void {
    listen(source);
    failures = 0;
    const before = status.peek();
    const restarted = startedAt !== undefined && startedAt !== hello.peek()?.startedAt;
    startedAt = hello.peek()?.startedAt;
    // Ticks may come seldom: only what a connection did not get was missed.
    const isNext = !isFresh && tick.tick - (before?.tick ?? 0) === 1;
    isFresh = false;
    if (before && (restarted || (!isNext && tick.at - before.at > WORTH_TELLING_MS)))
      missed.value = missedOf(before, tick, restarted);
    status.value = tick;
    if (state.peek().kind !== 'open') state.value = { kind: 'open' };
    for (const listener of listeners) listener(tick);
  }

  /** The browser does not say why an EventSource failed, so the same is asked in a way that tells; another try does not wait for it. */
  async function lost(which: EventSource | undefined): Promise<void> {
    which?.close();
    if (which !== source) return;
    const waitMs = backoffMs(++failures, 500, 5_000);
    const since = stateSince(state.peek());
    const tell = (why: string) => {
      state.value = { kind: 'lost', since, retryAt, why };
    };
    const retryAt = Date.now() + waitMs;
    tell('The connection was cut');
    clearTimeout(timer);
    timer = setTimeout(connect, waitMs);
    const error = await ask('status').then(
      () => undefined,
      (error: EndpointError) => error,
    );
    if (!error || which !== source) return;
    if (error.kind !== 'denied') return tell(error.message);
    clearTimeout(timer);
    state.value = { kind: 'denied', why: error.message };
  }

  connect();
  return {
    state,
    hello,
    status,
    missed,
    onTick: (listener) => void listeners.push(listener),
    retry() {
      if (state.peek().kind === 'lost' || state.peek().kind === 'denied') connect();
    },
  };
}

function missedOf(before: FeedStatus, after: FeedStatus, restarted: boolean): Missed {
  const events = restarted ? undefined : Math.max(0, eventsOf(after) - eventsOf(before));
  return { forMs: after.at - before.at, events, restarted };
}

const eventsOf = ({ sessions }: FeedStatus) => sessions.reduce((sum, { telemetry }) => sum + telemetry.in, 0);
const stateSince = (state: FeedState) => (state.kind === 'lost' ? state.since : Date.now());
