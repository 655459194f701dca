/** Where it was measured, and with which versions: without that a figure says nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { NATS_VERSION } from '../peers/nats.ts';
import { pinning } from './spawn.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly pinning: string;
  /** The load average of the minute before this was asked: above 1 something else was at work. */
  readonly load: number;
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    pinning,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    versions: {
      node: process.version,
      go: said('go', ['version'], /go(\d[\d.]+)/),
      'nats-server': NATS_VERSION,
      redis: said('redis-server', ['--version'], /v=([\d.]+)/),
      ...Object.fromEntries(['pino', '@sentry/node', '@opentelemetry/sdk-logs'].map((name) => [name, packaged(name)])),
    },
  };
}

function said(program: string, args: string[], version: RegExp): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout?.match(version)?.[1] ?? 'not there';
}

/** The range that is asked for; the lock file says the rest. */
function packaged(name: string): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.devDependencies[name]?.replace('^', '') ?? 'not there';
}
