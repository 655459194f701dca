/**
 * Time, as a thing that is handed in. Durations and timers use `now`, which is monotonic; stamps that people or other
 * machines read use `wall`.
 */
export interface Clock {
  /** Milliseconds, monotonic, of no particular origin. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Calls `fn` once, after `ms` milliseconds, soon where that is no more than 0. The result takes the timer back; calling it late or twice does nothing. */
  after(ms: number, fn: () => void, options?: TimerOptions): () => void;
}

export interface TimerOptions {
  /** Keeps the process alive until then, for a timer that is all that a caller waits for. Default false. */
  readonly keepAlive?: boolean;
}

/** The longest that a timer of Node and browsers takes, 25 days. A longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep a process alive unless told to, and fire after 25 days at the latest. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn, { keepAlive = false } = {}) {
    const timer: unknown = setTimeout(fn, Math.min(Math.max(0, ms), LONGEST_MS));
    if (!keepAlive && typeof timer === 'object' && timer !== null && 'unref' in timer) {
      (timer as { unref(): void }).unref();
    }
    return () => clearTimeout(timer as never);
  },
};

/** Resolves after `ms` on `clock`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal, options?: TimerOptions): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done, options);
    signal?.addEventListener('abort', done, { once: true });
  });
}
