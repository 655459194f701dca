import { systemClock } from '@runnel/protocol';
import { ManualClock } from '@runnel/protocol/testing';
import { expect, it, vi } from 'vitest';
import { type GpuReading, gpuProbe } from './gpu.ts';
import { vitalsOf } from './index.ts';

const gpu = { memoryUsed: 1_000, memoryTotal: 16_000, utilizationGpu: 40 };

/** A probe whose readings are these, one after the other; the last again and again. */
function probeOf(...readings: (() => readonly GpuReading[])[]) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const read = vi.fn(async () =>
    ((readings.length > 1 ? readings.shift() : readings[0]) as () => readonly GpuReading[])(),
  );
  const probe = gpuProbe(clock, stop.signal, read);
  const next = async () => {
    const before = read.mock.calls.length;
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    clock.advance(10_000);
    await expect.poll(() => read.mock.calls.length > before && clock.pending > 0).toBe(true);
  };
  return { probe, read, next, clock, stop };
}

it('EGRESS 1.21: GPU memory is that of all devices, utilisation their mean', async () => {
  const { probe } = probeOf(() => [gpu, { ...gpu, memoryUsed: 500, utilizationGpu: 61 }, {}]);
  await expect.poll(() => Object.keys(probe()).length).toBeGreaterThan(0);
  expect(probe()).toStrictEqual({
    gpu_memory_used_mb: 1_500,
    gpu_memory_total_mb: 32_000,
    gpu_utilization_percent: 51,
  });
});

it('EGRESS 1.21: a reading that fails never throws, and its figures are absent once the last ones are old', async () => {
  const fails = () => {
    throw new Error('the driver is gone');
  };
  const { probe, next, stop } = probeOf(() => [gpu], fails);
  await next();
  expect(probe()).toHaveProperty('gpu_utilization_percent', 40);
  for (let reading = 0; reading < 3; reading++) await next();
  expect(probe()).toStrictEqual({});
  stop.abort();
});

it('EGRESS 1.21: where there is no GPU it is asked for once', async () => {
  const { probe, read, clock } = probeOf(() => [{}]);
  await expect.poll(() => read.mock.calls.length).toBeGreaterThan(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.pending).toBe(0);
  expect(probe()).toStrictEqual({});
  expect(read).toHaveBeenCalledTimes(1);
});

it('EGRESS 1.21: this machine is read without harm, whatever it has', async () => {
  const stop = new AbortController();
  const { graphics } = await import('systeminformation');
  const probe = gpuProbe(systemClock, stop.signal);
  await graphics();
  for (const value of Object.values(vitalsOf(probe)())) expect(value).toBeGreaterThanOrEqual(0);
  stop.abort();
});
