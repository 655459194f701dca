/** A sink that may be replaced while it is in use: it is closed when the last user is done. */
import type { Sink } from '@runnel/protocol';

export class SharedSink {
  readonly #sink: Sink;
  #users = 0;
  #retired = false;
  #closed: Promise<void> | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Whether envelopes of different keys may be in flight together. */
  get ordersAll(): boolean {
    return (this.#sink.traits?.order ?? 'all') === 'all';
  }

  async use<T>(work: (sink: Sink) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work(this.#sink);
    } finally {
      this.#users--;
      if (this.#retired) this.retire();
    }
  }

  /** Closes the sink as soon as nobody uses it. What closing throws is nobody's: all that was sent has been answered. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.#closed ??= this.#sink.close().catch(() => {});
  }

  /** Resolves when a retired sink that nobody uses has closed. */
  get closed(): Promise<void> {
    return this.#closed ?? Promise.resolve();
  }
}
