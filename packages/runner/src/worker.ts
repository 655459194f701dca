/** The emitter of a worker thread. Its own entry: a worker needs nothing else of the runner. EGRESS 1.10, 4.5 and E4. */
import { type Clock, systemClock } from '@runnel/protocol';
import { DropOldest } from '@runnel/pubsub';
import type { WorkerBatch, WorkerLink } from './worker-link.ts';

export type { WorkerLink } from './worker-link.ts';

export interface WorkerEmitter {
  /** As the runner's `emit`: never waits, never throws; the time and the first level of `data` are captured at the call. */
  emit(type: string, data?: object, options?: { readonly correlationId?: string }): void;
}

export interface WorkerEmitterOptions {
  /** Events that wait here, and as many on their way, before the oldest are dropped. Default 256. */
  readonly buffer?: number;
  readonly clock?: Clock;
}

type Captured = WorkerBatch['events'][number];

/**
 * Emits through the runner that made `link`. Events are posted once a turn; those that wait when the worker ends are posted then. What is dropped
 * here is counted in the runner's books, and so is what a killed worker had not posted yet. Called once for each link.
 */
export function workerEmitter(
  link: WorkerLink,
  { buffer = 256, clock = systemClock }: WorkerEmitterOptions = {},
): WorkerEmitter {
  const { port } = link;
  const counter = new Uint32Array(link.emitted);
  const ring = new DropOldest<Captured>(buffer);
  const dropped = { queue_overflow: 0, unserialisable: 0 };
  let underWay = 0;
  let due = false;

  const flush = () => {
    due = false;
    post(ring.drain(buffer - underWay));
  };
  const post = (events: Captured[]) => {
    const lost = Object.entries(dropped).filter(([, count]) => count > 0) as WorkerBatch['dropped'];
    if (events.length === 0 && lost.length === 0) return;
    try {
      port.postMessage({ events, dropped: lost } satisfies WorkerBatch);
      underWay += events.length;
      Object.assign(dropped, { queue_overflow: 0, unserialisable: 0 });
    } catch {
      // Something in the batch cannot be cloned, a function say: the others go one by one.
      if (events.length > 1) for (const event of events) post([event]);
      else dropped.unserialisable += events.length;
    }
  };
  const soon = () => {
    if (due) return;
    due = true;
    setImmediate(flush);
  };

  port.on('message', (taken: number) => {
    underWay -= taken;
    if (ring.length > 0) soon();
  });
  port.unref();
  process.once('exit', () => post(ring.drain()));

  return {
    emit(type, data, options) {
      Atomics.add(counter, 0, 1);
      try {
        const correlationId = options?.correlationId;
        const copy = correlationId ? { ...data, correlation_id: correlationId } : data && { ...data };
        if (ring.push([String(type), copy as Captured[1], clock.wall()]) !== undefined) dropped.queue_overflow++;
      } catch {
        // A getter of the caller's data threw.
        dropped.unserialisable++;
      }
      soon();
    },
  };
}
