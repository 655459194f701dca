/** Pings, which keep the control channel open and measure the way to the runner and back. PROTOCOL.md sections 8.1 and 8.2. */
import { type Clock, pause } from '@runnel/protocol';
import type { ControlChannel } from './control-channel.ts';
import type { MessageOf } from './handlers.ts';

/** Pings whose pong is still waited for; older ones are given up. */
const MOST_OPEN = 8;

export interface PingBooks {
  readonly sent: number;
  /** Could not be written before the next was due. */
  readonly unsent: number;
  readonly pongs: number;
  /** From the transport's taking the newest answered ping to its pong, in milliseconds. */
  readonly rttMs: number | undefined;
}

export interface PingsOptions {
  readonly control: ControlChannel;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** After each ping: whether the server was there, if only to say that it has no such channel. */
  readonly onPing: (reached: boolean) => void;
}

export class Pings {
  readonly #options: PingsOptions;
  #open = new Map<string, number>();
  #sent = 0;
  #unsent = 0;
  #pongs = 0;
  #rttMs: number | undefined;

  constructor(options: PingsOptions) {
    this.#options = options;
  }

  get books(): PingBooks {
    return { sent: this.#sent, unsent: this.#unsent, pongs: this.#pongs, rttMs: this.#rttMs };
  }

  /** Pings at once and then every `everyMs`, until `signal` aborts. */
  async run(): Promise<void> {
    const { clock, everyMs, signal } = this.#options;
    while (!signal.aborted) {
      const due = pause(clock, everyMs, signal);
      await this.#ping(due);
      await due;
    }
  }

  /** A pong came. One that answers no open ping is counted all the same. */
  pong({ request_id: id }: MessageOf<'pong'>): void {
    this.#pongs++;
    const since = this.#open.get(id ?? '');
    if (since === undefined) return;
    this.#rttMs = this.#options.clock.now() - since;
    this.#open.delete(id ?? '');
  }

  async #ping(due: Promise<void>): Promise<void> {
    const { control, clock, signal, onPing } = this.#options;
    const id = crypto.randomUUID();
    const began = clock.now();
    this.#remember(id);
    const late = new AbortController();
    void due.then(() => late.abort());
    const ping = { type: 'ping', request_id: id, timestamp: clock.wall() };
    const sent = await control
      .send(() => ping, late.signal)
      .then(
        () => true,
        () => false,
      );
    if (signal.aborted) return;
    if (sent) this.#sent++;
    else this.#unsent++;
    if (sent && this.#open.has(id)) this.#open.set(id, clock.now());
    else this.#open.delete(id);
    // What was sent was answered, too.
    onPing(control.answeredAt >= began);
  }

  #remember(id: string): void {
    this.#open.set(id, this.#options.clock.now());
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MOST_OPEN) return;
      this.#open.delete(oldest);
    }
  }
}
