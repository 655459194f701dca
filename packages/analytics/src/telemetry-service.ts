/** The telemetry service: typed calls in, analytics events out by `emit`, webhooks out by a notifier. EGRESS section 3. */
import { type Clock, systemClock } from '@runnel/protocol';
import { Registry } from 'prom-client';
import { createFigures } from './figures.ts';
import type { Notifier } from './notifier.ts';
import { NullTelemetryService } from './null-service.ts';
import { type OperationBooks, OperationsQueue } from './operations-queue.ts';
import { type Emit, Outlet } from './outlet.ts';
import { participantCalls } from './participant-calls.ts';
import { roomCalls } from './room-calls.ts';
import type { TelemetryService } from './service.ts';
import { type StatDropReason, statsCalls } from './stats-calls.ts';
import { StatsWorkers } from './stats-workers.ts';
import { Tally } from './tally.ts';
import { trackCalls } from './track-calls.ts';
import { transferCalls } from './transfer-calls.ts';

export interface TelemetryServiceOptions {
  /** A runner's `emit`; all analytics events go through it. */
  readonly emit: Emit;
  /** Becomes the service's: it registers its hook there and stops it. Without one there are no webhooks. */
  readonly notifier?: Notifier;
  /** Where the Prometheus figures are registered. Default: a registry of the service's own. */
  readonly registry?: Registry;
  readonly clock?: Clock;
  /** Told in a sentence what went wrong inside. Default: `console.error`. */
  readonly onWarning?: (message: string) => void;
}

export interface TelemetryBooks {
  readonly operations: OperationBooks;
  /** Workers, closed ones that wait for late statistics among them. */
  readonly workers: number;
  /** Samples that were left out, and participants that got no worker. */
  readonly dropped: Readonly<Record<StatDropReason | 'too_many_workers', number>>;
}

/** A service that runs. */
export interface RunningTelemetryService extends TelemetryService {
  readonly books: TelemetryBooks;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
}

const FLUSH_MS = 30_000;

/** Starts a service; whoever starts it stops it. Without options it is the null service. */
export function createTelemetryService(): NullTelemetryService;
export function createTelemetryService(options: TelemetryServiceOptions): RunningTelemetryService;
export function createTelemetryService(options?: TelemetryServiceOptions): TelemetryService {
  return options === undefined ? new NullTelemetryService() : run(options);
}

function run(options: TelemetryServiceOptions): RunningTelemetryService {
  const { emit, notifier, registry = new Registry(), clock = systemClock } = options;
  const { onWarning = (message) => console.error(message) } = options;
  const onError = (error: unknown) => onWarning(`an operation of the telemetry service failed: ${error}`);
  const operations = new OperationsQueue({ onError });
  const workers = new StatsWorkers();
  const figures = createFigures(registry);
  const dropped = new Tally<StatDropReason | 'too_many_workers'>([
    'unknown_worker',
    'bad_counter',
    'overflow',
    'too_many_workers',
  ]);
  const outlet = new Outlet({ emit, notifier, clock, operations, onError });
  const onTooMany = () => dropped.add('too_many_workers');
  const { flushNow, ...stats } = statsCalls({ emit, operations, workers, figures, dropped, clock, onWarning });
  const rooms = roomCalls(outlet);

  let cancelFlush = () => {};
  const flushLater = () => {
    cancelFlush = clock.after(FLUSH_MS, () => {
      void stats.flushStats();
      flushLater();
    });
  };

  async function end(drop: boolean): Promise<void> {
    cancelFlush();
    await operations.idle();
    // What becomes of the last webhooks is emitted, too.
    await notifier?.stop({ drop });
    await operations.stop();
    flushNow();
  }
  let ended: Promise<void> | undefined;

  notifier?.registerProcessedHook(rooms.webhook);
  operations.start();
  flushLater();
  return {
    ...stats,
    ...rooms,
    ...participantCalls({ outlet, workers, figures, clock, onTooMany }),
    ...trackCalls(outlet),
    ...transferCalls(outlet),
    stop({ drop = false } = {}) {
      ended ??= end(drop);
      return ended;
    },
    metrics: () => registry.metrics(),
    get books() {
      return { operations: operations.books, workers: workers.size, dropped: dropped.counts };
    },
  };
}
