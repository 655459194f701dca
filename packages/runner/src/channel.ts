/** The events channel as the drain sees it: there again after every outage, for as long as the runner lives. PROTOCOL.md sections 8.1 and 8.3. */
import { type Clock, pause, systemClock, TELEMETRY } from '@runnel/protocol';
import { type Connection, createJsonlWriter, type JsonlWriter } from '@runnel/pubsub';
import type { Batch, Outlet } from './drain.ts';

const REOPEN_FIRST_MS = 250;
/** However long the channel was away, the runner is to be back within about a second. */
const REOPEN_MOST_MS = 1_000;

export interface EventsChannelOptions {
  readonly url: string;
  readonly connection: Connection;
  /** This start of the runner. */
  readonly epoch: string;
  /** The line that opens each life of the channel, so that a client which reads none but the new life knows the runner. */
  readonly ready: () => string;
}

/**
 * An outlet onto the session's events channel. A segment is the publisher's to retry. What is done here is to wait: after the start, after
 * a failure and after the end of the channel, events stay in the ring until one line has found its way.
 */
export class EventsChannel implements Outlet {
  readonly #options: EventsChannelOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #writer: JsonlWriter;
  #onLost = () => {};
  /** New lives of the channel that the writer has seen. */
  #lives = 0;
  /** What goes before anything else: the opening line of a life, or a report of losses as a trial. */
  #first: 'ready' | 'losses' | undefined = 'ready';

  constructor(options: EventsChannelOptions) {
    this.#options = options;
    this.#clock = options.connection.clock ?? systemClock;
    this.#writer = this.#newWriter();
  }

  async open(losses: () => string): Promise<void> {
    for (let ends = 0; !this.#closing.signal.aborted; ) {
      if (this.#writer.ended) await this.#replaceWriter(ends++);
      if (this.#first === undefined) return;
      // The writer waits by itself before it tries again.
      const opening = this.#first === 'ready';
      await this.#write([opening ? this.#options.ready() : losses()], { opening });
    }
  }

  /** A runner that has nothing to say finds its channel again all the same, and its opening line with it. */
  onLost(callback: () => void): void {
    this.#onLost = callback;
  }

  send({ messages, losses, events, recalled }: Batch): Promise<number> {
    const lines = losses === undefined ? [...messages] : [...messages, losses];
    for (const { seq, json } of events) lines.push(telemetryLine(this.#options.epoch, seq, json));
    return this.#write(lines, { signal: recalled });
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    await this.#writer.close({ deadlineMs });
  }

  /** Resolves to how many of the lines left. */
  async #write(
    lines: readonly string[],
    { opening = false, signal }: { opening?: boolean; signal?: AbortSignal } = {},
  ): Promise<number> {
    const before = this.#writer.stats.lines;
    try {
      await this.#writer.writeMany(lines, signal && { signal });
      const lives = this.#writer.stats.publisher.epochs;
      this.#first = opening || lives === this.#lives ? undefined : 'ready';
      this.#lives = lives;
    } catch {
      // Whatever the reason: it is tried again, and what did not leave is counted by the drain.
      this.#first ??= 'losses';
    }
    return this.#writer.stats.lines - before;
  }

  /** A new writer knows nothing of the failures before it, so that the wait between two of them is ours. */
  async #replaceWriter(ends: number): Promise<void> {
    await this.#writer.close({ deadlineMs: 0, deleteChannel: false });
    // Between two writers there is no connection that would keep the process alive.
    await pause(this.#clock, reopenMs(ends), this.#closing.signal, { keepAlive: true });
    if (this.#closing.signal.aborted) return;
    this.#writer = this.#newWriter();
    this.#lives = 0;
    this.#first = 'ready';
  }

  #newWriter(): JsonlWriter {
    const writer = createJsonlWriter(this.#options.url, { ...this.#options.connection, create: true });
    void writer.over.then(() => this.#onLost());
    return writer;
  }
}

/** An envelope's line. PROTOCOL.md section 8.3. */
export function telemetryLine(epoch: string, seq: number, envelope: string): string {
  return `{"type":"${TELEMETRY}","epoch":"${epoch}","seq":${seq},"event":${envelope}}`;
}

/** Half to all of a wait that doubles, so that many runners do not come back at once. */
function reopenMs(ends: number): number {
  return Math.min(REOPEN_MOST_MS, REOPEN_FIRST_MS * 2 ** Math.min(ends, 10)) * (0.5 + Math.random() / 2);
}
