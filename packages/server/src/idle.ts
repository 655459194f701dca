/** Which channels have had no byte for too long. PROTOCOL.md section 4.1. */
import { isReservedName } from '@runnel/protocol';
import type { Channel } from './channel.ts';
import type { Core } from './core.ts';

/** So often within the idle time all channels are looked at, and those whose time ends before the next look get a timer: one for each would take as much memory as the channel itself. */
const LOOKS = 16;

export class Idle {
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

  /** There is one channel more, or its time goes on. */
  watch(): void {
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
      this.watch();
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
