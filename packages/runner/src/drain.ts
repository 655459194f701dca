/** The loop between the queues and the place where their contents leave. It alone waits: `emit` never does. */
import type { Messages } from './messages.ts';
import type { BuiltEvent, Telemetry } from './telemetry.ts';

/** Where batches go: the events channel, or a sink in the same process. */
export interface Outlet {
  /** Resolves when a batch can be sent, however long that takes, or when `close` is called; may send a report of losses to find out. Never rejects. */
  open(losses: () => string): Promise<void>;
  /** Resolves to how many of the batch's lines left, in their order; fewer than all if the outlet failed. */
  send(batch: Batch, signal: AbortSignal): Promise<number>;
  /** Calls back whenever the place is lost while nothing is sent, so that `open` may look for it again. */
  onLost?(callback: () => void): void;
  /** Ends what `open` began, within `deadlineMs`. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

/** Lines in the order in which they leave: messages, the report of losses, events. */
export interface Batch {
  readonly messages: readonly string[];
  readonly losses: string | undefined;
  readonly events: readonly BuiltEvent[];
  /** Aborts when no event may leave any more of those that have not yet: the user took consent back. */
  readonly recalled: AbortSignal;
}

export interface DrainOptions {
  readonly telemetry: Telemetry;
  readonly messages: Messages;
  readonly outlet: Outlet;
  /** The report of losses as of now, and whether it is the last one. */
  readonly losses: (last: boolean) => string;
}

/** Takes batches from the queues to the outlet, one at a time, and gives the event loop a turn between two of them. */
export class Drain {
  readonly #options: DrainOptions;
  readonly #abort = new AbortController();
  #recall = new AbortController();
  readonly #ended: Promise<void>;
  #finishing = false;
  #lossesDue = false;
  #wake: (() => void) | undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
    options.outlet.onLost?.(() => this.wake());
    this.#ended = this.#run();
  }

  /** There may be work. Called for every event: nothing happens unless the loop sleeps. */
  wake(): void {
    this.#wake?.();
  }

  /** The report of losses leaves with the next batch. There is one slot: it holds no report but the newest. */
  reportLosses(): void {
    this.#lossesDue = true;
    this.wake();
  }

  /** Sends all that is queued and a last report of losses; resolves when that is done, or when `abandon` is called. */
  finish(): Promise<void> {
    this.#finishing = true;
    this.wake();
    return this.#ended;
  }

  /** Asks the outlet to let no event leave any more that it has in hand; what has not left counts as `consent`. */
  recall(): void {
    this.#recall.abort();
    this.#recall = new AbortController();
  }

  /** Drops what is queued as `shutdown`, and asks the outlet to give up what it has in hand. */
  abandon(): void {
    this.#abort.abort();
    this.#options.telemetry.purge('shutdown');
    this.#options.messages.purge();
    this.wake();
  }

  /** Drops as `shutdown` what is in hand still, an outlet that has just given up having had a turn to tell how much of it left. */
  async giveUp(): Promise<void> {
    await nextTurn();
    this.#options.telemetry.settle(0, 'shutdown');
    this.#options.messages.settle(0);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      // All that is emitted in one turn of the event loop leaves together, and other work has its turn between two batches.
      await nextTurn();
      await this.#options.outlet.open(() => this.#options.losses(false));
      if (signal.aborted) return;
      const last = this.#finishing && !this.#waiting;
      if (last || this.#lossesDue || this.#waiting) await this.#sendBatch(signal, last);
      else await this.#sleep();
      if (last) return;
    }
  }

  get #waiting(): boolean {
    return this.#options.telemetry.waiting || this.#options.messages.waiting;
  }

  async #sendBatch(signal: AbortSignal, last: boolean): Promise<void> {
    const { telemetry, messages, outlet } = this.#options;
    const losses = this.#lossesDue || last ? this.#options.losses(last) : undefined;
    this.#lossesDue = false;
    const recalled = this.#recall.signal;
    const batch = { messages: messages.take(), losses, events: telemetry.take(), recalled };
    // An outlet that breaks its promise and rejects must not end the loop; what was in hand counts as not written.
    const left = await outlet.send(batch, signal).catch(() => 0);
    const others = batch.messages.length + (losses === undefined ? 0 : 1);
    messages.settle(Math.min(left, batch.messages.length));
    const why = signal.aborted ? 'shutdown' : recalled.aborted ? 'consent' : 'write_failed';
    telemetry.settle(Math.max(0, left - others), why);
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
