/** A trickle server without a listener: an app to mount, a fetch to call in process. */
import { CHANGES } from '@runnel/protocol';
import type { Hono } from 'hono';
import { createApp } from './app.ts';
import { changefeed } from './changefeed.ts';
import { createCore, disposeCore } from './core.ts';
import { Hub, type Watcher } from './hub.ts';
import { type ChannelStatus, channelStatus, listing } from './listing.ts';
import { createMetrics } from './metrics.ts';
import { settings as readOptions, type TrickleOptions } from './options.ts';
import type { Service } from './service.ts';
import { socketsRead } from './turns.ts';

/** A server that stops gives its readers so long to take what it has accepted. PROTOCOL.md section 4.8. */
const STOP_MS = 3_000;

export interface Trickle {
  /** The routes of PROTOCOL.md section 2, mountable with `route()` under any base path. On Node, wrap the outer app's fetch in `answerRaw`. */
  readonly app: Hono;
  /**
   * Serves a request in process, the channel being the first part of its URL's path. A waiting GET resolves at its first byte; it rejects with
   * the reason of the request's signal once that aborts.
   */
  fetch(request: Request): Promise<Response>;
  /** Creates a channel without asking policy; the existing one stays as it is. Throws TrickleError `invalid` or `refused`. PROTOCOL.md section 3.1. */
  create(name: string, mime: string): ChannelStatus;
  /** What is known of a channel, open or lingering. */
  get(name: string): ChannelStatus | undefined;
  /** Closes a channel after reading what has already arrived; false if there is none. PROTOCOL.md section 3.7. */
  delete(name: string): Promise<boolean>;
  /** All channels, by name. */
  list(): ChannelStatus[];
  /** The counters as Prometheus text. */
  metrics(): Promise<string>;
  /** Whether {@link stop} was called. */
  readonly stopping: boolean;
  /**
   * Takes no new work, answers those that wait, and resolves when attached readers have what was accepted, or after 3 s at the latest: then what
   * is left of them is cut. PROTOCOL.md section 4.8.
   */
  stop(): Promise<void>;
}

/** Creates a trickle server. Throws TrickleError `invalid` for options that cannot be used. The caller ends it with `stop()`. */
export function createTrickle(options: TrickleOptions = {}): Trickle {
  return assemble(options).trickle;
}

/** The same, and what a listener works with. */
export function assemble(options: TrickleOptions): { trickle: Trickle; service: Service } {
  const settings = readOptions(options);
  const core = createCore(settings);
  const watch: Watcher = settings.changefeed ? changefeed(() => hub) : () => {};
  const hub: Hub = new Hub(core, settings, watch);
  if (settings.changefeed) hub.create(CHANGES, 'application/json');
  for (const { name, mime } of settings.channels) hub.create(name, mime);
  const service: Service = { core, hub, settings, stopping: false };
  const app = createApp(service);
  let stopped: Promise<void> | undefined;

  const trickle: Trickle = {
    app,
    async fetch(request) {
      const response = await app.fetch(request);
      request.signal.throwIfAborted();
      return response;
    },
    create: (name, mime) => channelStatus(hub.create(name, mime)),
    get(name) {
      const channel = hub.get(name);
      return channel && channelStatus(channel);
    },
    async delete(name) {
      const channel = hub.get(name);
      if (!channel) return false;
      await socketsRead(core.clock, () => channel.arrivals());
      return hub.get(name) === channel && hub.delete(name);
    },
    list: () => listing(hub.list()),
    metrics: createMetrics(hub),
    get stopping() {
      return service.stopping;
    },
    stop: () => (stopped ??= stop()),
  };
  return { trickle, service };

  async function stop(): Promise<void> {
    service.stopping = true;
    await socketsRead(core.clock, () => core.counters.connections + core.counters.bytesIn);
    hub.stop();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = settings.clock.after(STOP_MS, resolve, { keepAlive: true });
    await Promise.race([Promise.all([core.readers.empty(), core.farewells.empty()]), tooLong]);
    cancel();
    hub.dispose();
    disposeCore(core);
  }
}
