/** The runner's job: frames in at a steady rate, through the pipeline, out as JPEG segments, with telemetry about all of it. */
import { type Clock, pause } from '@runnel/protocol';
import { every, type Runner, type StreamMeter, type Vitals } from '@runnel/runner';
import type { FrameSource } from './frames.ts';
import type { FrameOutput } from './output.ts';
import { type FinishedFrame, runPipeline, type Size } from './pipeline.ts';
import { FrameCounter, type FrameStats } from './stats.ts';

export interface Job {
  readonly runner: Runner;
  readonly source: FrameSource;
  readonly output: FrameOutput;
  readonly vitals: Vitals;
  readonly size: Size;
  readonly fps: number;
  readonly clock: Clock;
  /** Called about every second with what the last `stream.stats` event said. */
  readonly onStats?: (stats: FrameStats) => void;
}

const STATS_MS = 1_000;

/** Runs until `signal` aborts; rejects with InputError when no picture is left. */
export async function runJob(job: Job, signal: AbortSignal): Promise<void> {
  const { runner, source, size, fps, clock } = job;
  const counter = new FrameCounter();
  const meter = runner.stream();
  const began = clock.now();
  runner.emit('stream_started', { ...size, fps, input: source.description });
  const stopStats = reportStats(job, counter);
  try {
    await runner.guard('media_input', () => moveFrames(job, counter, meter, signal));
  } finally {
    stopStats();
    meter.stop();
    const { in: frames_in, out: frames_out, lost: frames_dropped } = counter.total;
    runner.emit('stream_stopped', {
      frames_in,
      frames_out,
      frames_dropped,
      elapsed_ms: Math.round(clock.now() - began),
    });
  }
}

/** One frame is due every `1000 / fps` ms. Those that fall due while one is in the pipeline are dropped and not made up for. */
async function moveFrames(job: Job, counter: FrameCounter, meter: StreamMeter, signal: AbortSignal): Promise<void> {
  const { clock } = job;
  const everyMs = 1000 / job.fps;
  const began = clock.now();
  const publish = publisherOf(job, counter, meter);
  for (let number = 0; !signal.aborted; number++) {
    for (; began + (number + 1) * everyMs <= clock.now(); number++) {
      comesIn(counter, meter);
      counter.lost('pipeline_behind');
    }
    comesIn(counter, meter);
    const finished = await finishFrame(job, counter, number);
    if (finished) publish(finished);
    await pause(clock, began + (number + 1) * everyMs - clock.now(), signal);
  }
}

function comesIn(counter: FrameCounter, meter: StreamMeter): void {
  counter.frameIn();
  meter.frameIn();
}

/** Takes a frame through the pipeline. A bad picture costs this frame alone: it is reported, and left out from then on. */
async function finishFrame(job: Job, counter: FrameCounter, number: number): Promise<FinishedFrame | undefined> {
  const { runner, source, size, clock } = job;
  const frame = source.frame(number);
  try {
    const finished = await runPipeline(await frame.read(), size, number, clock.wall());
    counter.stages(finished.stageMs);
    return finished;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    counter.lost('failed');
    source.reject(frame.name);
    runner.emit('error', { error: { error_type: 'frame_failed', exception_type: name, message }, file: frame.name });
    runner.log(`left out ${frame.name}: ${message}`);
    return undefined;
  }
}

function publisherOf({ runner, output, clock }: Job, counter: FrameCounter, meter: StreamMeter) {
  const began = clock.now();
  let playing = false;
  return ({ jpeg, stageMs }: FinishedFrame): void => {
    const onArrived = () => {
      counter.frameOut();
      meter.frameOut(Object.values(stageMs).reduce((sum, ms) => sum + ms));
      if (!playing) runner.emit('playback_ready', { time_to_first_frame_ms: Math.round(clock.now() - began) });
      playing = true;
    };
    const underWay = output.offer(jpeg);
    if (underWay === undefined) counter.lost('output_behind');
    else void underWay.then((arrived) => (arrived ? onArrived() : counter.lost('not_arrived')));
  };
}

function reportStats({ runner, vitals, clock, onStats }: Job, counter: FrameCounter): () => void {
  let last = clock.now();
  return every(clock, STATS_MS, () => {
    const now = clock.now();
    const stats = counter.take(now - last);
    last = now;
    runner.emit('stream.stats', { ...stats, ...vitals() });
    onStats?.(stats);
  });
}
