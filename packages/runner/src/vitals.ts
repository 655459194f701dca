/** Figures about the process and its host. Mebibytes, percent, milliseconds. EGRESS 1.21. */
import { freemem, loadavg, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@runnel/protocol';

/** Reads figures as of now. */
export type Vitals = () => Readonly<Record<string, number>>;

/** Gives figures, or throws where it cannot. */
export type Probe = () => Readonly<Record<string, number>>;

/**
 * The figures of several probes at once, without those that a probe does not give: one that throws, and one that is no finite number, is absent. Never throws.
 */
export function vitalsOf(...probes: readonly Probe[]): Vitals {
  return () => Object.assign({}, ...probes.map(read));
}

/**
 * Probes of this process and its host: `rss_mb`, `heap_used_mb`, `cpu_percent` (of one core, since the last reading), `loop_delay_p99_ms` (since then, too),
 * `host_load_1m`, `host_memory_used_percent`. The measuring of the loop's delay ends with `signal`.
 */
export function processProbes(clock: Clock, signal: AbortSignal): readonly Probe[] {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  signal.addEventListener('abort', () => delay.disable(), { once: true });
  let last = { at: clock.now(), cpu: process.cpuUsage() };
  return [
    () => {
      const { rss, heapUsed } = process.memoryUsage();
      return { rss_mb: mebibytes(rss), heap_used_mb: mebibytes(heapUsed) };
    },
    () => {
      const [at, cpu] = [clock.now(), process.cpuUsage()];
      const busyMs = (cpu.user + cpu.system - last.cpu.user - last.cpu.system) / 1000;
      const percent = (100 * busyMs) / (at - last.at);
      last = { at, cpu };
      return { cpu_percent: tenths(percent) };
    },
    () => {
      const p99 = delay.percentile(99) / 1e6;
      const measured = delay.count > 0;
      delay.reset();
      return measured ? { loop_delay_p99_ms: tenths(p99) } : {};
    },
    () => {
      const [oneMinute = Number.NaN] = loadavg();
      return { host_load_1m: tenths(oneMinute) };
    },
    () => ({ host_memory_used_percent: tenths(100 * (1 - freemem() / totalmem())) }),
  ];
}

function read(probe: Probe): Record<string, number> {
  try {
    return Object.fromEntries(Object.entries(probe()).filter(([, value]) => Number.isFinite(value)));
  } catch {
    // A probe that fails is absent, not zero, and who asks does not fail for it.
    return {};
  }
}

const tenths = (value: number) => Math.round(value * 10) / 10;
const mebibytes = (bytes: number) => tenths(bytes / 1_048_576);
