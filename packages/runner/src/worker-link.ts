/** Events from worker threads, as the runner takes them. EGRESS 1.10 and 4.5. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { DropReason } from './books.ts';
import type { Telemetry } from './telemetry.ts';

/** One worker's way to the runner. Hand it over with `port` in the transfer list. */
export interface WorkerLink {
  readonly port: MessagePort;
  /** How many events the worker has emitted, modulo 2^32: what is missing when it has gone is counted by it. */
  readonly emitted: SharedArrayBuffer;
}

/** What a worker posts: events with their times, and what it had to drop since. */
export interface WorkerBatch {
  readonly events: readonly (readonly [type: string, data: Record<string, unknown> | undefined, at: number])[];
  readonly dropped: readonly (readonly [reason: DropReason, count: number])[];
}

export class WorkerLinks {
  readonly #telemetry: Telemetry;
  readonly #close = new Set<() => void>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  /** A link for one worker. */
  open(): WorkerLink {
    const { port1: ours, port2: port } = new MessageChannel();
    const emitted = new SharedArrayBuffer(4);
    const counter = new Uint32Array(emitted);
    let received = 0;
    const take = ({ events, dropped }: WorkerBatch) => {
      for (const [type, data, at] of events) this.#telemetry.adopt(type, data, at);
      for (const [reason, count] of dropped) this.#telemetry.lost(reason, count);
      received += events.length + dropped.reduce((sum, [, count]) => sum + count, 0);
      // Only what was taken makes room for more, so that a busy runner does not gather a queue it cannot see.
      ours.postMessage(events.length);
    };
    const end = (reason: DropReason) => {
      if (!this.#close.delete(close)) return;
      this.#telemetry.lost(reason, (Atomics.load(counter, 0) - received) >>> 0);
    };
    const close = () => {
      for (let left = receiveMessageOnPort(ours); left; left = receiveMessageOnPort(ours)) take(left.message);
      end('shutdown');
      ours.close();
    };
    this.#close.add(close);
    ours.on('message', take);
    ours.on('close', () => end('worker_gone'));
    // The worker keeps the process alive for as long as it works; its link does not.
    ours.unref();
    return { port, emitted };
  }

  /** Takes what the workers have posted, and nothing more. */
  close(): void {
    for (const close of [...this.#close]) close();
  }
}
