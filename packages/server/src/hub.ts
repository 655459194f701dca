/** The channels of a server, by name: how they come and go. PROTOCOL.md sections 3.1, 3.7 and 4.5. */
import { isChannelName, TrickleError } from '@runnel/protocol';
import { Channel } from './channel.ts';
import type { Core } from './core.ts';
import type { RemovalReason } from './counters.ts';
import { DueQueue } from './due-queue.ts';
import { IdleSweep } from './idle-sweep.ts';
import type { Settings } from './options.ts';

/** Where channels are held. */
export interface Channels {
  /** The open channel of that name, made if there is none. Throws TrickleError `invalid` (no name or media type), `refused` (too many). */
  create(name: string, mime: string): Channel;
  /** The channel of that name, open or lingering. */
  get(name: string): Channel | undefined;
  /** Closes the channel; false if there is none that is open. */
  delete(name: string): boolean;
}

/** Told of each channel that comes or goes. */
export type Watcher = (change: 'added' | 'removed', name: string) => void;

export class Hub implements Channels {
  readonly core: Core;
  #settings: Settings;
  #watch: Watcher;
  #channels = new Map<string, Channel>();
  #idle: IdleSweep;
  #lingering: DueQueue<Channel>;
  #tombstones: DueQueue<string>;

  constructor(core: Core, settings: Settings, watch: Watcher) {
    this.core = core;
    this.#settings = settings;
    this.#watch = watch;
    this.#idle = new IdleSweep(core, this.#channels, ({ name }) => this.#close(name, 'idle'));
    this.#lingering = new DueQueue(core.clock, core.limits.lingerMs, (channel) => this.#forget(channel));
    this.#tombstones = new DueQueue(core.clock, core.limits.tombstoneMs, () => {});
  }

  create(name: string, mime: string): Channel {
    const existing = this.#channels.get(name);
    if (existing && !existing.closed) return existing;
    this.#check(name, mime);
    if (existing) this.#forget(existing);
    if (this.full) throw new TrickleError('refused', `there are ${this.#channels.size} channels, as many as allowed`);
    this.#tombstones.delete(name);
    const channel = new Channel(this.core, name, mime);
    this.#channels.set(name, channel);
    this.core.counters.channelsCreated++;
    this.#idle.start();
    this.#watch('added', name);
    return channel;
  }

  get(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  delete(name: string): boolean {
    return this.#close(name, 'deleted');
  }

  /** Whether the name belonged to a channel a moment ago, so that a late segment must not bring it back. */
  isEnded(name: string): boolean {
    return this.#channels.get(name)?.closed === true || this.#tombstones.has(name);
  }

  get full(): boolean {
    return this.#channels.size >= this.core.limits.maxChannels;
  }

  get tombstones(): number {
    return this.#tombstones.size;
  }

  list(): Channel[] {
    return [...this.#channels.values()];
  }

  /** Ends everything without closing a channel. PROTOCOL.md section 4.8. */
  stop(): void {
    for (const channel of this.#channels.values()) channel.end('aborted', 'stop');
  }

  /** Lets go of the timers. */
  dispose(): void {
    this.#idle.clear();
    this.#lingering.clear();
    this.#tombstones.clear();
  }

  #close(name: string, reason: RemovalReason): boolean {
    const channel = this.#channels.get(name);
    if (!channel || channel.closed) return false;
    this.core.counters.removals.add(reason);
    this.#idle.delete(channel);
    channel.closed = true;
    channel.end('closed', 'channel');
    this.#bury(name);
    if (this.core.limits.lingerMs > 0) this.#lingering.add(channel);
    else this.#forget(channel);
    this.#watch('removed', name);
    return true;
  }

  #bury(name: string): void {
    const { tombstoneMs, maxChannels } = this.core.limits;
    if (!this.#settings.autocreate || tombstoneMs === 0) return;
    this.#tombstones.add(name);
    if (this.#tombstones.size > maxChannels) this.#tombstones.delete(this.#tombstones.first() as string);
  }

  #forget(channel: Channel): void {
    this.#lingering.delete(channel);
    if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
    channel.window.clear();
  }

  #check(name: string, mime: string): void {
    if (!isChannelName(name)) throw new TrickleError('invalid', `not a channel name: ${JSON.stringify(name)}`);
    // It is kept for each channel and sent with each segment.
    if (!/^[\t\x20-\x7e\x80-\xff]{1,255}$/.test(mime)) {
      throw new TrickleError('invalid', `not a media type: ${JSON.stringify(mime)}`);
    }
  }
}
