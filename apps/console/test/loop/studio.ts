/** A runner that works on pictures, as far as a client can tell: frames on its out channel, figures and events about them. */

import { sessionChannels, systemClock } from '@runnel/protocol';
import { createPublisher } from '@runnel/pubsub';
import { createRunner, every, type Runner } from '@runnel/runner';

export interface StudioOptions {
  readonly url: string;
  readonly session: string;
  /** Pictures, shown over and over; none: nothing goes out. */
  readonly frames?: readonly Uint8Array[];
  readonly fps?: number;
  /** Further events a second. */
  readonly eventsPerSecond?: number;
  /** Events that wait before one is dropped. */
  readonly buffer?: number;
  readonly hasGpu?: boolean;
}

export interface Studio {
  readonly runner: Runner;
  close(): Promise<void>;
}

const STEP_MS = 50;
const TYPES = ['frame_done', 'prompt_applied', 'lora_weight', 'latent_cached', 'queue_depth'] as const;

/** Figures go up and down as those of a real one do, and the same way each time. */
export function startStudio(options: StudioOptions): Studio {
  const { url, session, frames = [], fps = 24, eventsPerSecond = 0, buffer = 1024, hasGpu = false } = options;
  const random = randomOf(session);
  const wave = (period: number, of = Date.now()) => Math.sin((of / 1000 / period) * 2 * Math.PI);
  const vitals = (): Record<string, number> =>
    hasGpu ? { vram_allocated_mb: 9_216 + 640 * wave(70) + 90 * random(), vram_reserved_mb: 11_264 } : {};
  const runner = createRunner({ url, session, buffer, vitals, heartbeatMs: 2_000 });
  const meter = runner.stream();
  const publisher =
    frames.length > 0
      ? createPublisher(`${url}${sessionChannels(session).out}`, { mime: 'image/jpeg', create: true })
      : undefined;
  const stops: (() => void)[] = [];
  let n = 0;
  let shown = 0;
  let busy = false;
  let due = 0;

  runner.emit('stream_started', { width: 1280, height: 720, fps, input: 'camera 1' });
  runner.log('pipeline ready: decode, resize, diffuse, encode');

  stops.push(
    every(systemClock, 1000 / fps, () => {
      meter.frameIn();
      const frame = frames[shown++ % frames.length];
      if (!publisher || !frame || busy) return;
      busy = true;
      void publish(frame);
    }),
    every(systemClock, STEP_MS, () => {
      due += (eventsPerSecond * STEP_MS * (1 + 0.35 * wave(23))) / 1000;
      for (; due >= 1; due--) runner.emit(TYPES[n % TYPES.length] ?? 'frame_done', eventData(n++));
    }),
    every(systemClock, 1000, () => {
      const ms = (mean: number) => Math.round(mean * (1 + 0.12 * wave(31) + 0.1 * (random() - 0.5)) * 100) / 100;
      const stage = (mean: number) => ({ p50_ms: ms(mean), p99_ms: ms(mean * 1.7) });
      runner.emit('stream.stats', {
        fps_in: Math.round((fps + 0.4 * (random() - 0.5)) * 10) / 10,
        fps_out: Math.round((fps - 1.2 - 1.1 * wave(40) - 0.6 * random()) * 10) / 10,
        frames_dropped: { pipeline_behind: random() < 0.2 ? 1 : 0, output_behind: 0, failed: 0, not_arrived: 0 },
        stages: { decode: stage(2.4), resize: stage(1.3), diffuse: stage(18.5), encode: stage(4.2) },
        rss_mb: 2_350 + 120 * wave(90) + 12 * random(),
        heap_used_mb: 640 + 170 * (((Date.now() / 1000) % 17) / 17),
        cpu_percent: 61 + 14 * wave(27) + 5 * random(),
        host_memory_used_percent: 47 + 2 * wave(120),
        ...vitals(),
      });
    }),
    every(systemClock, 7_000, () =>
      runner.log(
        `${fps} fps in, 22.${Math.floor(random() * 10)} out; queue ${Math.floor(random() * 4)}; prompt "a ridge at dusk, soft light"`,
      ),
    ),
  );

  async function publish(frame: Uint8Array): Promise<void> {
    try {
      const segment = await publisher?.open();
      segment?.write(frame);
      await segment?.end();
      meter.frameOut(26 + 4 * random());
    } catch {
      // The server is stopping: the frame's time is past.
    } finally {
      busy = false;
    }
  }

  const eventData = (of: number) => ({
    frame: of,
    latency_ms: Math.round(260 + 90 * random()) / 10,
    seed: Math.floor(random() * 2 ** 31),
    correlation_id: `c-${(of / 5) | 0}`,
  });

  return {
    runner,
    async close() {
      for (const stop of stops) stop();
      meter.stop();
      await publisher?.close({ deadlineMs: 500 });
      await runner.close({ deadlineMs: 1_000 });
    },
  };
}

/** From 0 to 1, the same row for the same text. */
function randomOf(text: string): () => number {
  let state = [...text].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
