/** The writer of a session's control channel, which the client owns: opened when there is something to say, and opened anew when it was lost. PROTOCOL.md section 8.2. */
import { type Clock, JSONL, pause, TrickleError, unlessAborted } from '@runnel/protocol';
import { backoffMs, type Connection, createJsonlWriter, type JsonlWriter } from '@runnel/pubsub';

/** How long the end of a segment may take when the session closes. */
const CLOSE_MS = 1000;

export class ControlChannel {
  readonly #url: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onAnswer: () => void;
  #writer: JsonlWriter | undefined;
  #opened = 0;
  #failures = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** The newest write: one that waits for a server which is away must not be followed by others without end. */
  #writing: Promise<unknown> = Promise.resolve();

  /** `onAnswer` is told whenever the server takes a message or says why not. */
  constructor(url: string, connection: Connection, clock: Clock, onAnswer: () => void) {
    this.#url = url;
    this.#onAnswer = onAnswer;
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Times a writer was opened: one more than it was lost. */
  get opened(): number {
    return this.#opened;
  }

  /** When the server last took a message or said why not, on the session's clock. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /**
   * Writes one message, which is made when it can be written. Where the channel or the server is gone it tries again, with a new writer, until `signal` aborts. Resolves when the line is
   * handed to the transport, which does not say that the runner gets it. Rejects with `aborted`, or at once with what no new writer would mend (`too_large`, `invalid`).
   */
  async send(message: () => object, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await unlessAborted(this.#writing, signal);
        const written = this.#open().write(JSON.stringify(message()));
        this.#writing = written.catch(() => {});
        await unlessAborted(written, signal);
        this.#failures = 0;
        this.#answered();
        return;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof TrickleError) || !passing.has(error.code)) throw error;
        if (!away.has(error.code)) this.#answered();
        await pause(this.#clock, backoffMs(++this.#failures, 250, 1000), signal);
      }
    }
    throw new TrickleError('aborted', 'the control message was not sent in time');
  }

  /** Ends the segment. The channel stays: a client that stops is no end of the session, and the next one goes on with it. */
  async close(): Promise<void> {
    await this.#writer?.close({ deadlineMs: CLOSE_MS, deleteChannel: false });
  }

  #answered(): void {
    this.#answeredAt = this.#clock.now();
    this.#onAnswer();
  }

  #open(): JsonlWriter {
    if (this.#writer && !this.#writer.ended) return this.#writer;
    this.#opened++;
    this.#writer = createJsonlWriter(this.#url, { ...this.#connection, mime: JSONL, create: true });
    return this.#writer;
  }
}

/** Codes of what passes: the channel is not there yet or was closed, the server is away or restarts. */
const passing: ReadonlySet<TrickleError['code']> = new Set([
  'not_found',
  'closed',
  'conflict',
  'refused',
  'unreachable',
  'gave_up',
]);

/** Those of them that no server has said. */
const away: ReadonlySet<TrickleError['code']> = new Set(['unreachable', 'gave_up']);
