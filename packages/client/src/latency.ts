/** How long events are on their way, over the last ten seconds. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '@runnel/protocol';

/** One-way latency in milliseconds, from an event's own timestamp to its receipt: if their clocks differ, that is in it, and never below 0. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p99: number;
  /** Events they are of. */
  readonly count: number;
}

/** The figures are over one to two of these. */
const SLOT_MS = 5000;
/** An hour; one digit is exact to 32 ms and within 6 % above, at 2 KiB a slot. */
const HISTOGRAM = { lowest: 1, highest: 3_600_000, figures: 1 };
/** For adding up: to make one costs far more than to use it. */
const both = createHistogram(HISTOGRAM);

export class Latency {
  readonly #clock: Clock;
  #slots: { readonly began: number; readonly histogram: RecordableHistogram }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes an event by its timestamp, as the runner wrote it, and when it was received, both in milliseconds since 1970. What is no time is left out. */
  record(timestamp: unknown, received: number): void {
    if (typeof timestamp !== 'string' && typeof timestamp !== 'number') return;
    const sent = Number(timestamp);
    if (!(sent > 0 && sent < Number.POSITIVE_INFINITY)) return;
    // The histogram begins at 1.
    const late = Math.min(HISTOGRAM.highest, Math.max(0, Math.round(received - sent)) + 1);
    this.#slot().record(late);
  }

  /** Undefined without events. */
  get figures(): LatencyFigures | undefined {
    this.#forget(this.#clock.now());
    if (this.#slots.length === 0) return undefined;
    both.reset();
    for (const { histogram } of this.#slots) both.add(histogram);
    return { p50: both.percentile(50) - 1, p99: both.percentile(99) - 1, count: both.count };
  }

  #slot(): RecordableHistogram {
    const now = this.#clock.now();
    const newest = this.#slots.at(-1);
    if (newest && now < newest.began + SLOT_MS) return newest.histogram;
    const histogram = createHistogram(HISTOGRAM);
    this.#slots.push({ began: now, histogram });
    this.#forget(now);
    return histogram;
  }

  #forget(now: number): void {
    while (this.#slots[0] && now >= this.#slots[0].began + 2 * SLOT_MS) this.#slots.shift();
  }
}
