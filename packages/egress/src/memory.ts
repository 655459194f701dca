/** A sink that keeps what it gets in an array: for tests and for looking at what comes. */
import type { Envelope, Sink } from '@runnel/protocol';

export interface MemorySink extends Sink {
  /** What came, oldest first. */
  readonly envelopes: readonly Envelope[];
  /** Envelopes that had to make room because there were more than `limit`. */
  readonly dropped: number;
}

/** Keeps the newest `limit` envelopes (default 100,000). Acknowledges at once; what it holds can still be read after `close`. */
export function memorySink({ limit = 100_000 }: { limit?: number } = {}): MemorySink {
  const envelopes: Envelope[] = [];
  let dropped = 0;
  return {
    name: 'memory',
    traits: { order: 'all' },
    envelopes,
    get dropped() {
      return dropped;
    },
    async send(batch, signal) {
      signal.throwIfAborted();
      envelopes.push(...batch);
      if (envelopes.length > limit) dropped += envelopes.splice(0, envelopes.length - limit).length;
    },
    async close() {},
  };
}
