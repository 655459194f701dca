import { expect, it } from 'vitest';
import { FrameCounter } from './stats.ts';

const stages = (ms: number) => ({ decode: ms, resize: 2 * ms, effect: 3 * ms, encode: 4 * ms });

it('gives rates and percentiles of what happened since it was asked last', () => {
  const counter = new FrameCounter();
  for (let ms = 1; ms <= 100; ms++) {
    counter.frameIn();
    counter.stages(stages(ms));
    if (ms % 2 === 0) counter.frameOut();
    else counter.lost('output_behind');
  }
  expect(counter.take(2_000)).toStrictEqual({
    fps_in: 50,
    fps_out: 25,
    frames_dropped: { pipeline_behind: 0, output_behind: 50, failed: 0, not_arrived: 0 },
    stages: {
      decode: { p50_ms: 50, p99_ms: 99 },
      resize: { p50_ms: 100, p99_ms: 198 },
      effect: { p50_ms: 150, p99_ms: 297 },
      encode: { p50_ms: 200, p99_ms: 396 },
    },
  });
  expect(counter.total).toMatchObject({ in: 100, out: 50, lost: { output_behind: 50 } });
});

it('says nothing of stages that did not run', () => {
  const counter = new FrameCounter();
  counter.frameIn();
  counter.lost('failed');
  expect(counter.take(1_000)).toMatchObject({ fps_in: 1, fps_out: 0, frames_dropped: { failed: 1 }, stages: {} });
});

it('takes one frame for both percentiles', () => {
  const counter = new FrameCounter();
  counter.stages(stages(1.234));
  expect(counter.take(1_000).stages.decode).toStrictEqual({ p50_ms: 1.23, p99_ms: 1.23 });
});
