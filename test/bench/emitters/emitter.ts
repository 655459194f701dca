/** What can be asked to take an event. Each kind is measured in a process of its own: some change the process they are in. */
export interface Emitter {
  /** Takes one event. What is timed. */
  call(data: Heartbeat): void;
  /** Resolves when what was taken has left. Counted as processor time, not as the caller's. */
  drained?(): Promise<unknown>;
  close?(): unknown;
}

export type Heartbeat = ReturnType<typeof heartbeat>;

/** A heartbeat of ten fields; `n` keeps two events from being equal. */
export const heartbeat = (n: number) => ({
  frames_in: n,
  frames_out: n - 1,
  fps_in: 29.97,
  fps_out: 29.94,
  elapsed_ms: 10_000 + n,
  since_last_heartbeat_ms: 10_000,
  pipeline_fps: 41.5,
  vram_allocated_mb: 8_123.5,
  vram_reserved_mb: 9_216,
  stage: 'denoise',
});

/** Calls between two pauses. */
export const BATCH = 256;
