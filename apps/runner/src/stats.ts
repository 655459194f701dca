/** What happened to the frames of the last second, and how long each stage took. */
import type { Stage } from './pipeline.ts';
import { STAGES } from './pipeline.ts';

/** Why a frame did not come out: the pipeline or the channel still had the one before it, the picture was bad, or the server did not take it. */
export type FrameLoss = 'pipeline_behind' | 'output_behind' | 'failed' | 'not_arrived';

export interface Percentiles {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** The data of a `stream.stats` event: counts and rates since the one before. */
export interface FrameStats {
  readonly fps_in: number;
  readonly fps_out: number;
  readonly frames_dropped: Readonly<Record<FrameLoss, number>>;
  /** Only stages that ran. */
  readonly stages: Readonly<Partial<Record<Stage, Percentiles>>>;
}

export class FrameCounter {
  #in = 0;
  #out = 0;
  #lost = noLosses();
  #stageMs = noTimes();

  /** Frames since the start: `in = out + lost`, but for the one that is under way. */
  readonly total = { in: 0, out: 0, lost: noLosses() };

  frameIn(): void {
    this.#in++;
    this.total.in++;
  }

  frameOut(): void {
    this.#out++;
    this.total.out++;
  }

  lost(reason: FrameLoss): void {
    this.#lost[reason]++;
    this.total.lost[reason]++;
  }

  stages(stageMs: Readonly<Record<Stage, number>>): void {
    for (const stage of STAGES) this.#stageMs[stage].push(stageMs[stage]);
  }

  /** The stats of the `elapsedMs` since the last call; counting begins anew. */
  take(elapsedMs: number): FrameStats {
    const stages: Partial<Record<Stage, Percentiles>> = {};
    for (const stage of STAGES) {
      const times = this.#stageMs[stage].sort((a, b) => a - b);
      if (times.length > 0) stages[stage] = { p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) };
    }
    const rate = (frames: number) => Math.round((frames * 100_000) / elapsedMs) / 100;
    const stats = { fps_in: rate(this.#in), fps_out: rate(this.#out), frames_dropped: this.#lost, stages };
    this.#in = this.#out = 0;
    this.#lost = noLosses();
    this.#stageMs = noTimes();
    return stats;
  }
}

/** The smallest value that a share `q` of all are at or below, to a hundredth. */
function percentile(sorted: readonly number[], q: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
  return Math.round(value * 100) / 100;
}

const noLosses = (): Record<FrameLoss, number> => ({
  pipeline_behind: 0,
  output_behind: 0,
  failed: 0,
  not_arrived: 0,
});
const noTimes = (): Record<Stage, number[]> => ({ decode: [], resize: [], effect: [], encode: [] });
