/** Which channels have had no byte for too long. PROTOCOL.md section 4.1. */
import { isReservedName } from '@runnel/protocol';
import type { Channel } from './channel.ts';
import type { Core } from './core.ts';

/**
 * All channels are looked at this often within the idle time. Only those whose time ends before the next look get a timer, so that they close to the
 * millisecond: a timer for each would take as much memory as the channel.
 */
const LOOKS = 16;

export class IdleSweep {
  #core: Core;
  #channels: ReadonlyMap<string, Channel>;
  #close: (channel: Channel) => void;
  #betweenMs: number;
  #nextLook: (() => void) | undefined;
  #timers = new Map<Channel, () => void>();

  constructor(core: Core, channels: ReadonlyMap<string, Channel>, close: (channel: Channel) => void) {
    this.#core = core;
    this.#channels = channels;
    this.#close = close;
    this.#betweenMs = core.limits.idleTimeoutMs / LOOKS;
  }

  /** Starts looking, unless it does already. It stops by itself when there is no channel left. */
  start(): void {
    this.#nextLook ??= this.#core.clock.after(this.#betweenMs, this.#look);
  }

  delete(channel: Channel): void {
    this.#timers.get(channel)?.();
    this.#timers.delete(channel);
  }

  /** Lets go of the timers. */
  clear(): void {
    this.#nextLook?.();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #look = (): void => {
    this.#nextLook = undefined;
    for (const channel of this.#channels.values()) {
      if (channel.closed || isReservedName(channel.name)) continue;
      this.start();
      if (!this.#timers.has(channel)) this.#consider(channel);
    }
  };

  /** A byte that has come starts no timer anew: the one there is looks how much is left. */
  #consider(channel: Channel): void {
    const { clock, limits } = this.#core;
    const left = channel.touchedAt + limits.idleTimeoutMs - clock.now();
    if (left <= 0) this.#close(channel);
    else if (left > this.#betweenMs) this.#timers.delete(channel);
    else
      this.#timers.set(
        channel,
        clock.after(left, () => this.#consider(channel)),
      );
  }
}
