/** The books of a runner's starts: what each emitted, what of it arrived, and whether it ended well. PROTOCOL.md sections 8.3 and 8.4. */
import type { Losses } from '@runnel/protocol';
import type { TelemetryPosition } from './position.ts';

/** One start of the runner, as the client knows it. `lastSeq = received + missed.before + missed.gap`. */
export interface StartBook {
  readonly epoch: string;
  /** Events that arrived, each once. */
  readonly received: number;
  readonly lastSeq: number;
  /** Events with a seq at or below `lastSeq` that did not arrive: emitted before the first that did, and later. The runner's own drops are among them. */
  readonly missed: { readonly before: number; readonly gap: number };
  /** The runner's newest report. */
  readonly report:
    | (Readonly<Pick<Losses, 'emitted' | 'written' | 'dropped'>> & { readonly pending: number })
    | undefined;
  /** Events that the runner had written when it made that report, and that had not arrived: lost on the channel. */
  readonly lost: number;
  /** `finished`: ended with its last report. `unreported`: ended without one, so what it had in hand is not known. */
  readonly state: 'running' | 'finished' | 'unreported';
}

interface Start {
  readonly epoch: string;
  received: number;
  lastSeq: number;
  before: number;
  gap: number;
  report: (StartBook['report'] & object) | undefined;
  lost: number;
  last: boolean;
  over: 'replaced' | 'channel_ended' | undefined;
}

export interface StartSums {
  readonly starts: number;
  readonly received: number;
  readonly missed: number;
  readonly lost: number;
  readonly unreported: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Starts that are kept one by one; of older ones the sums are kept. A hostile runner may name a new epoch with every line. */
const MOST_STARTS = 16;
const MOST_REASONS = 32;

export class Starts {
  #starts = new Map<string, Start>();
  #newest: Start | undefined;
  #older: Writable<StartSums> = { starts: 0, received: 0, missed: 0, lost: 0, unreported: 0 };

  /** Goes on from the newest start and the sums of those before it. */
  constructor(from?: TelemetryPosition, before?: StartSums) {
    if (before) this.#older = { ...before };
    if (!from) return;
    const start = this.#begin(from.epoch);
    start.lastSeq = from.seq;
    start.received = from.received;
    start.before = from.missed.before;
    start.gap = from.missed.gap;
  }

  /** An event's line came. False if it is a replay: at or below the last seq of its epoch. A gap before it is counted. */
  receive(epoch: string, seq: number): boolean {
    const start = this.#starts.get(epoch) ?? this.#begin(epoch);
    if (seq <= start.lastSeq) return false;
    const skipped = seq - start.lastSeq - 1;
    if (start.lastSeq === 0) start.before += skipped;
    else start.gap += skipped;
    start.received++;
    start.lastSeq = seq;
    if (start === this.#newest) start.over = undefined;
    return true;
  }

  /** The runner said that it started. */
  begin(epoch: string): void {
    if (!this.#starts.has(epoch)) this.#begin(epoch);
  }

  /** The runner reported its counters. An older report than the one that is known changes nothing. */
  report({ epoch, emitted, written, dropped, last = false }: Losses): void {
    const start = this.#starts.get(epoch) ?? this.#begin(epoch);
    if (start.report && emitted + written < start.report.emitted + start.report.written) return;
    const pending = emitted - written - sum(dropped);
    start.report = { emitted, written, dropped: few(dropped), pending };
    start.lost = Math.max(0, written - start.received);
    start.last ||= last;
    if (start === this.#newest) start.over = undefined;
  }

  /** The events channel has ended: whoever wrote it is gone, unless it writes again. */
  channelEnded(): void {
    if (this.#newest) this.#newest.over ??= 'channel_ended';
  }

  /** For the position: the newest start. */
  get newest(): TelemetryPosition | undefined {
    const start = this.#newest;
    if (!start) return undefined;
    const { epoch, lastSeq: seq, received, before, gap } = start;
    return { epoch, seq, received, missed: { before, gap } };
  }

  /** The starts kept one by one, oldest first. */
  get books(): StartBook[] {
    return [...this.#starts.values()].map(book);
  }

  /** What the runner says it dropped, by reason, over the starts kept one by one. */
  get dropped(): Record<string, number> {
    const dropped = new Map<string, number>();
    for (const { report } of this.#starts.values()) {
      for (const [reason, n] of Object.entries(report?.dropped ?? {}))
        dropped.set(reason, (dropped.get(reason) ?? 0) + n);
    }
    return Object.fromEntries(dropped);
  }

  /** Over all starts there were. */
  get sums(): StartSums {
    return this.#sums(this.#starts.values());
  }

  /** Over all but the newest, which the position holds. */
  get sumsBefore(): StartSums {
    return this.#sums([...this.#starts.values()].filter((start) => start !== this.#newest));
  }

  #sums(starts: Iterable<Start>): StartSums {
    const sums = { ...this.#older };
    for (const start of starts) add(sums, start);
    return sums;
  }

  #begin(epoch: string): Start {
    const start: Start = {
      epoch,
      received: 0,
      lastSeq: 0,
      before: 0,
      gap: 0,
      report: undefined,
      lost: 0,
      last: false,
      over: undefined,
    };
    if (this.#newest) this.#newest.over ??= 'replaced';
    this.#starts.set(epoch, start);
    this.#newest = start;
    if (this.#starts.size > MOST_STARTS) this.#forgetOldest();
    return start;
  }

  #forgetOldest(): void {
    for (const [epoch, start] of this.#starts) {
      add(this.#older, start);
      this.#starts.delete(epoch);
      return;
    }
  }
}

function state(start: Start): StartBook['state'] {
  if (start.over === undefined) return start.last ? 'finished' : 'running';
  if (start.last) return 'finished';
  const nothingPending = start.report?.pending === 0 && start.report.emitted >= start.lastSeq;
  return start.over === 'channel_ended' && nothingPending ? 'finished' : 'unreported';
}

function book(start: Start): StartBook {
  const { epoch, received, lastSeq, before, gap, report, lost } = start;
  return { epoch, received, lastSeq, missed: { before, gap }, report, lost, state: state(start) };
}

function add(sums: Writable<StartSums>, start: Start): void {
  sums.starts++;
  sums.received += start.received;
  sums.missed += start.before + start.gap;
  sums.lost += start.lost;
  if (state(start) === 'unreported') sums.unreported++;
}

/** Reasons come over the wire: a report of a million of them is kept as one of 32. */
function few(dropped: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(dropped).filter(([reason]) => reason.length <= 64);
  const kept = Object.fromEntries(entries.slice(0, MOST_REASONS));
  const rest = sum(dropped) - sum(kept);
  return rest > 0 ? { ...kept, other: (kept.other ?? 0) + rest } : kept;
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
