/** Operations that run one at a time, in the order of their calls. EGRESS 3.2 and 3.3. */
import PQueue from 'p-queue';
import { Tally } from './tally.ts';

export type Operation = () => void | Promise<void>;

export interface OperationsQueueOptions {
  /** Most operations that wait. Default 2,048. */
  readonly capacity?: number;
  /** Whether `stop` runs what waits. Default true. */
  readonly flushOnStop?: boolean;
  /** Told what an operation threw. */
  readonly onError: (error: unknown) => void;
}

/** `in = run + pending + dropped`; an operation that threw has run. */
export interface OperationBooks {
  readonly in: number;
  readonly run: number;
  readonly pending: number;
  readonly dropped: Readonly<Record<'overflow' | 'stopped', number>>;
}

/** A bounded, ordered queue. It waits until it is started; whoever made it stops it. */
export class OperationsQueue {
  readonly #queue = new PQueue({ concurrency: 1, autoStart: false });
  readonly #dropped = new Tally(['overflow', 'stopped']);
  readonly #capacity: number;
  readonly #flushOnStop: boolean;
  readonly #onError: (error: unknown) => void;
  #in = 0;
  #run = 0;
  #stopped: Promise<void> | undefined;

  constructor({ capacity = 2048, flushOnStop = true, onError }: OperationsQueueOptions) {
    this.#capacity = capacity;
    this.#flushOnStop = flushOnStop;
    this.#onError = onError;
  }

  /** Starts the one worker; starting again changes nothing. */
  start(): void {
    if (this.#stopped === undefined) this.#queue.start();
  }

  /** Never waits and never throws. False if the operation will not run: the queue is full, or stopped. */
  enqueue(operation: Operation): boolean {
    this.#in++;
    if (this.#stopped !== undefined || this.#queue.size >= this.#capacity) {
      this.#dropped.add(this.#stopped === undefined ? 'overflow' : 'stopped');
      return false;
    }
    // A cleared operation's promise rejects; it is counted where it is cleared.
    this.#queue.add(() => this.#perform(operation)).catch(() => {});
    return true;
  }

  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  /** Resolves when the last operation that will run is done. Idempotent. What operations wait for is theirs to bound. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  get books(): OperationBooks {
    const { size, pending } = this.#queue;
    return { in: this.#in, run: this.#run, pending: size + pending, dropped: this.#dropped.counts };
  }

  async #end(): Promise<void> {
    if (this.#flushOnStop) {
      this.#queue.start();
    } else {
      this.#dropped.add('stopped', this.#queue.size);
      this.#queue.clear();
    }
    await this.#queue.onIdle();
  }

  async #perform(operation: Operation): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.#onError(error);
    }
    this.#run++;
  }
}
