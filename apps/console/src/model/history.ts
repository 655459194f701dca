/** Rates and figures of sessions and sinks over the last minutes: differences of the feed's counters. */
import { Series } from './series.ts';
import type { FeedStatus } from './wire.ts';

/** One a second. */
const KEPT = 900;
/** Sessions with a history, as with sinks; those beyond are shown without a line. */
const MOST_OF_A_KIND = 500;
/** What is told of a longer gap would be an average that no chart should show as a figure of one moment. */
const LONGEST_STEP_MS = 5_000;

export class History {
  readonly #series = new Map<string, Series>();
  #before: FeedStatus | undefined;
  /** Events a second of every session, with a history or without. */
  #rates = new Map<string, number>();
  /** When the lines of a session last grew. */
  readonly #moved = new Map<string, { readonly lines: number; readonly at: number }>();

  /** Of `session <id>`, `sink <name>` or `all`. */
  of(key: string): Series | undefined {
    return this.#series.get(key);
  }

  /** Of a session, over the newest tick; NaN where it is not known. */
  perSecond(session: string): number {
    return this.#rates.get(session) ?? Number.NaN;
  }

  /** For how long no line of a session has come, as far as this page has seen. */
  quietMs(session: string): number {
    return (this.#before?.at ?? 0) - (this.#moved.get(session)?.at ?? this.#before?.at ?? 0);
  }

  take(tick: FeedStatus): void {
    const seconds = this.#before ? (tick.at - this.#before.at) / 1000 : Number.NaN;
    const inStep = seconds > 0 && seconds * 1000 <= LONGEST_STEP_MS;
    const rate = (now: number, before: number | undefined) =>
      before === undefined || !inStep || now < before ? Number.NaN : (now - before) / seconds;
    const live = new Set<string>(['all']);
    const note = (key: string, figures: Record<string, number>) => {
      live.add(key);
      this.#open(key).push(tick.at, figures);
    };

    let [events, known] = [0, false];
    const sessionsBefore = new Map(this.#before?.sessions.map((session) => [session.id, session]));
    this.#rates = new Map();
    for (const [place, { id, telemetry, latencyMs }] of tick.sessions.entries()) {
      const perSecond = rate(telemetry.in, sessionsBefore.get(id)?.telemetry.in);
      if (!Number.isNaN(perSecond)) [events, known] = [events + perSecond, true];
      this.#rates.set(id, perSecond);
      if (place >= MOST_OF_A_KIND) continue;
      note(`session ${id}`, { in: perSecond, p50: latencyMs?.p50 ?? Number.NaN, p99: latencyMs?.p99 ?? Number.NaN });
    }
    const sinksBefore = new Map(this.#before?.sinks.map((sink) => [sink.sink, sink]));
    for (const { sink, out, pending, oldestMs } of tick.sinks.slice(0, MOST_OF_A_KIND)) {
      note(`sink ${sink}`, { out: rate(out, sinksBefore.get(sink)?.out), pending, oldestMs: oldestMs ?? 0 });
    }
    const backlog = Math.max(0, ...tick.sinks.map(({ pending }) => pending));
    const p99 = Math.max(
      Number.NEGATIVE_INFINITY,
      ...tick.sessions.map(({ latencyMs }) => latencyMs?.p99 ?? Number.NEGATIVE_INFINITY),
    );
    note('all', { in: known || tick.sessions.length === 0 ? events : Number.NaN, backlog, p99 });
    for (const key of this.#series.keys()) if (!live.has(key)) this.#series.delete(key);
    this.#notice(tick);
    this.#before = tick;
  }

  #notice({ sessions, at }: FeedStatus): void {
    const open = new Set(sessions.map(({ id }) => id));
    for (const id of this.#moved.keys()) if (!open.has(id)) this.#moved.delete(id);
    for (const { id, lines } of sessions) if (this.#moved.get(id)?.lines !== lines) this.#moved.set(id, { lines, at });
  }

  #open(key: string): Series {
    const series = this.#series.get(key) ?? new Series(KEPT);
    this.#series.set(key, series);
    return series;
  }
}
