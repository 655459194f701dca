/** Reads a session's events channel for the page: the newest lines, its logs, and the figures in them. All of it bounded. */
import { type Signal, signal } from '@preact/signals';
import { channelUrl, pause, sessionChannels, systemClock } from '@runnel/protocol';
import { fetchTransport, type JsonlLine, readJsonl } from '@runnel/pubsub/browser';
import { type Changes, createChanges } from './changes.ts';
import { figuresOf } from './figures.ts';
import { Ring } from './ring.ts';
import { Series } from './series.ts';
import { dataOf, isObject, type TailEvent, tailEvent } from './tail-event.ts';

/** `waiting`: the server has no such channel yet. `ended`: the runner closed it, or the server gave it up; another life is waited for. */
export type TailState = 'connecting' | 'waiting' | 'open' | 'lost' | 'ended';

export interface LogLine {
  readonly n: number;
  readonly at: number;
  readonly text: string;
}

export interface Watch {
  readonly session: string;
  readonly state: Signal<TailState>;
  readonly why: Signal<string | undefined>;
  readonly events: Ring<TailEvent>;
  readonly logs: Ring<LogLine>;
  readonly figures: Series;
  /** How often each type was seen. */
  readonly types: ReadonlyMap<string, number>;
  /** Lines that came, lines that could not be read, segments that were gone before they could be. */
  readonly counts: { lines: number; bad: number; skipped: number };
  /** Events that the runner did not emit because it was asked not to, by reason, as its newest report says. PROTOCOL.md section 8.6. */
  readonly withheld: Signal<Readonly<Record<string, number>>>;
  readonly changes: Changes;
  close(): void;
}

export const MOST_EVENTS = 5_000;
/** Of the lines kept, in characters. */
export const MOST_TEXT = 16 * 1024 * 1024;
const MOST_LOGS = 2_000;
const MOST_LOG_LENGTH = 4_000;
const MOST_TYPES = 100;
const MOST_REASONS = 8;
/** An hour, at one event with figures a second. */
const MOST_FIGURES = 3_600;
/** Where a reader begins that has seen nothing: some segments back, so that the charts are not empty. */
const FIRST = -4;
const AGAIN_MS = 1_000;

export function watchSession(server: string, session: string): Watch {
  const stop = new AbortController();
  const { signal: stopped } = stop;
  const state = signal<TailState>('connecting');
  const withheld = signal<Readonly<Record<string, number>>>({});
  const why = signal<string | undefined>(undefined);
  const events = new Ring<TailEvent>({
    capacity: MOST_EVENTS,
    maxWeight: MOST_TEXT,
    weightOf: ({ text }) => text.length,
  });
  const logs = new Ring<LogLine>({ capacity: MOST_LOGS });
  const figures = new Series(MOST_FIGURES);
  const types = new Map<string, number>();
  const counts = { lines: 0, bad: 0, skipped: 0 };
  const changes = createChanges();
  let place: { from: number; epoch?: string } = { from: FIRST };
  let n = 0;

  function take(line: JsonlLine): void {
    const event = tailEvent(++n, line, Date.now());
    events.push(event);
    counts.lines++;
    if (types.has(event.type) || types.size < MOST_TYPES) types.set(event.type, (types.get(event.type) ?? 0) + 1);
    const data = dataOf(line.value);
    const found = data && figuresOf(data);
    // A stamp ahead of the present would hold back all that come before it is reached.
    if (found) figures.push(Math.min(event.at, Date.now()), found);
    if (line.value.type === 'losses') takeWithheld(line.value.withheld);
    if (line.value.type === 'logs' && Array.isArray(line.value.lines)) takeLogs(line.value.lines, event.at);
  }

  function takeWithheld(counts: unknown): void {
    const now = countsOf(counts);
    if (JSON.stringify(now) !== JSON.stringify(withheld.peek())) withheld.value = now;
  }

  function takeLogs(lines: readonly unknown[], at: number): void {
    for (const text of lines.slice(-MOST_LOGS)) {
      if (typeof text === 'string') logs.push({ n: ++n, at, text: text.slice(0, MOST_LOG_LENGTH) });
    }
  }

  function note(text: string): void {
    events.push({ n: ++n, at: Date.now(), kind: 'page', type: 'not seen here', text: '', note: text });
    changes.touch();
  }

  /** The subscription goes on by itself after a failure, and this is where it shows. */
  const transport = fetchTransport(async (request) => {
    try {
      const response = await fetch(request);
      const { status } = response;
      why.value = status >= 500 || status === 401 || status === 403 ? `The server answered ${status}` : undefined;
      if (why.value !== undefined) state.value = 'lost';
      else if (status === 404) state.value = 'waiting';
      else if (state.peek() !== 'ended') state.value = 'open';
      return response;
    } catch (error) {
      if (!stopped.aborted) {
        state.value = 'lost';
        why.value = 'The trickle server does not answer';
      }
      throw error;
    }
  });
  const asking = { transport, waitForChannel: true, retries: Number.POSITIVE_INFINITY, signal: stopped };

  async function follow(): Promise<void> {
    while (!stopped.aborted) {
      const url = channelUrl(server, sessionChannels(session).events);
      const reader = readJsonl(url, { ...place, ...asking });
      const { subscription } = reader;
      let skipped = 0;
      let lives = 0;
      let bad = 0;
      for await (const lines of reader) {
        state.value = 'open';
        if (subscription.stats.skipped > skipped) {
          note(`${subscription.stats.skipped - skipped} segments were gone before they could be read`);
          counts.skipped += subscription.stats.skipped - skipped;
          skipped = subscription.stats.skipped;
        }
        if (subscription.stats.discontinuities > lives) {
          note('The channel began another life: what was written just before may be missing');
          lives = subscription.stats.discontinuities;
        }
        for (const line of lines) take(line);
        const badNow = Object.values(reader.stats.bad).reduce((sum, each) => sum + each, 0);
        counts.bad += badNow - bad;
        bad = badNow;
        const last = lines.at(-1);
        if (last) place = { from: last.seq + 1, ...(last.epoch !== undefined && { epoch: last.epoch }) };
        changes.touch();
      }
      if (stopped.aborted) return;
      state.value = 'ended';
      await pause(systemClock, AGAIN_MS, stopped);
    }
  }

  void follow();
  return { session, state, why, events, logs, figures, types, counts, withheld, changes, close: () => stop.abort() };
}

/** Reasons come over the wire: a few of them, and only those with a count. */
function countsOf(counts: unknown): Record<string, number> {
  if (!isObject(counts)) return {};
  const known = Object.entries(counts).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]));
  return Object.fromEntries(known.filter(([, n]) => n > 0).slice(0, MOST_REASONS));
}
