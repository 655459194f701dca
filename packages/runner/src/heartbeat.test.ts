import type { Envelope, Sink } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { expect, it } from 'vitest';
import { createRunner, type RunnerOptions } from './index.ts';

function start(options: Partial<RunnerOptions> = {}) {
  const clock = new ManualClock();
  const envelopes: Envelope[] = [];
  const sink: Sink = {
    name: 'taking',
    async send(batch) {
      envelopes.push(...batch);
    },
    async close() {},
  };
  const runner = createRunner({ session: 's', sink, clock, ...options });
  /** Ends the runner and gives the data of all heartbeats, without what every envelope has. */
  const heartbeats = async () => {
    await runner.close();
    return envelopes.map(({ bytes }) => {
      const { type, client_source, timestamp, session_id, ...data } = JSON.parse(new TextDecoder().decode(bytes)).data;
      expect(type).toBe('stream_heartbeat');
      return data;
    });
  };
  return { clock, runner, heartbeats };
}

it('EGRESS 1.21: a running stream beats every 10 s with what was measured', async () => {
  const { clock, runner, heartbeats } = start();
  clock.advance(3_000);
  const stream = runner.stream();
  for (let second = 0; second < 20; second++) {
    for (let frame = 0; frame < (second < 10 ? 10 : 5); frame++) stream.frameIn();
    stream.frameOut(40);
    stream.frameOut(60);
    clock.advance(1_000);
  }
  const [first, second, ...more] = await heartbeats();
  expect(first).toStrictEqual({
    frames_in: 100,
    frames_out: 20,
    fps_in: 10,
    fps_out: 2,
    elapsed_ms: 10_000,
    since_last_heartbeat_ms: 10_000,
    pipeline_fps: 20,
  });
  expect(second).toMatchObject({ frames_in: 150, frames_out: 40, fps_in: 5, fps_out: 2, elapsed_ms: 20_000 });
  expect(more).toStrictEqual([]);
});

it('EGRESS 1.21: GPU figures are there when a probe gives them, and absent when it gives no number or throws', async () => {
  const answers: (() => Record<string, number>)[] = [
    () => ({ vram_allocated_mb: 812.5, vram_reserved_mb: 1024 }),
    () => ({ vram_allocated_mb: Number.NaN }),
    () => {
      throw new Error('no device');
    },
  ];
  const { clock, runner, heartbeats } = start({ vitals: () => (answers.shift() as () => Record<string, number>)() });
  runner.stream();
  for (let beat = 0; beat < 3; beat++) clock.advance(10_000);
  const beats = await heartbeats();
  expect(beats[0]).toMatchObject({ vram_allocated_mb: 812.5, vram_reserved_mb: 1024 });
  for (const beat of beats.slice(1))
    expect(Object.keys(beat).filter((name) => name.startsWith('vram'))).toStrictEqual([]);
  expect(beats).toHaveLength(3);
});

it('EGRESS 1.21: says nothing of a pipeline that was not timed, nor after stop', async () => {
  const { clock, runner, heartbeats } = start({ heartbeatMs: 500 });
  const stream = runner.stream();
  stream.frameIn();
  stream.frameOut();
  clock.advance(500);
  stream.stop();
  clock.advance(5_000);
  const beats = await heartbeats();
  expect(beats).toHaveLength(1);
  expect(beats[0]).not.toHaveProperty('pipeline_fps');
});

it('ends its heartbeats with the runner, and leaves no timer behind', async () => {
  const { clock, runner, heartbeats } = start();
  runner.stream();
  await heartbeats();
  expect(clock.pending).toBe(0);
});

it('EGRESS R15, 6.13: a step of the wall clock changes no duration', async () => {
  const { clock, runner, heartbeats } = start();
  runner.stream();
  clock.advance(4_000);
  clock.step(-3_600_000);
  clock.advance(6_000);
  const [beat] = await heartbeats();
  expect(beat).toMatchObject({ elapsed_ms: 10_000, since_last_heartbeat_ms: 10_000 });
});

it('EGRESS 4.19: a stream that is begun after close leaves no timer behind', async () => {
  const { clock, runner } = start();
  await runner.close();
  runner.stream();
  expect(clock.pending).toBe(0);
});
