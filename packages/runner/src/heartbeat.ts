/** The heartbeat of a running stream: what went in and out, measured. EGRESS 1.21. */
import type { Clock } from '@runnel/protocol';
import { type Probe, vitalsOf } from './vitals.ts';

/** Counts the frames of one stream; a `stream_heartbeat` goes out at every interval until it is stopped. */
export interface StreamMeter {
  /** A frame came in. */
  frameIn(): void;
  /** A finished frame went out. `pipelineMs`: how long the pipeline worked on it, for `pipeline_fps`. */
  frameOut(pipelineMs?: number): void;
  /** Ends the heartbeats. Calling it again does nothing. */
  stop(): void;
}

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Calls a function at every interval until its result is called. */
  readonly each: (fn: () => void) => () => void;
  readonly emit: (type: string, data: object) => void;
  /** Further figures, such as `vram_allocated_mb`. What throws or is no finite number is left out. */
  readonly vitals?: Probe | undefined;
  /** Ends the heartbeats, as `stop` does. */
  readonly signal: AbortSignal;
}

/**
 * Starts a meter. A heartbeat carries `frames_in` and `frames_out` since the stream began, `elapsed_ms` since then, and, over the time
 * `since_last_heartbeat_ms`, `fps_in`, `fps_out` and `pipeline_fps`: the frames a second that the pipeline could have finished, had it never
 * waited; absent unless `frameOut` was told times.
 */
export function streamMeter(options: HeartbeatOptions): StreamMeter {
  const { clock, each, emit, signal } = options;
  const began = clock.now();
  const total = { in: 0, out: 0 };
  let last = { at: began, in: 0, out: 0 };
  let timed = { frames: 0, ms: 0 };
  const vitals = vitalsOf(...(options.vitals ? [options.vitals] : []));

  const beat = () => {
    const now = clock.now();
    const seconds = (now - last.at) / 1000;
    emit('stream_heartbeat', {
      frames_in: total.in,
      frames_out: total.out,
      fps_in: rounded((total.in - last.in) / seconds),
      fps_out: rounded((total.out - last.out) / seconds),
      elapsed_ms: Math.round(now - began),
      since_last_heartbeat_ms: Math.round(now - last.at),
      ...(timed.ms > 0 ? { pipeline_fps: rounded((timed.frames * 1000) / timed.ms) } : {}),
      ...vitals(),
    });
    last = { at: now, ...total };
    timed = { frames: 0, ms: 0 };
  };

  const stop = each(beat);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });

  return {
    frameIn: () => {
      total.in++;
    },
    frameOut: (pipelineMs) => {
      total.out++;
      if (pipelineMs !== undefined) timed = { frames: timed.frames + 1, ms: timed.ms + pipelineMs };
    },
    stop: () => {
      stop();
      signal.removeEventListener('abort', stop);
    },
  };
}

/** Calls `fn` at every multiple of `ms` from now on, so that delays do not add up. A multiple that was slept through is left out. */
export function every(clock: Clock, ms: number, fn: () => void): () => void {
  let due = clock.now();
  let stopped = false;
  let cancel = () => {};
  const arm = () => {
    do due += ms;
    while (due <= clock.now());
    cancel = clock.after(due - clock.now(), () => {
      fn();
      if (!stopped) arm();
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

const rounded = (value: number) => Math.round(value * 100) / 100;
