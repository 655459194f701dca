/** The runner's side of a session: telemetry, logs and answers out, requests in. PROTOCOL.md section 8. */
import { EVENT_CAP_BYTES, type Sink, systemClock, TrickleError } from '@runnel/protocol';
import type { Connection } from '@runnel/pubsub';
import type { Books } from './books.ts';
import { EventsChannel } from './channel.ts';
import { controlDispatcher, type RequestHandler } from './control.ts';
import { followControl } from './control-channel.ts';
import type { Outlet } from './drain.ts';
import type { Context } from './envelope.ts';
import { guardLoop, type MediaLoop } from './guard.ts';
import { every, type StreamMeter, streamMeter } from './heartbeat.ts';
import { sinkOutlet } from './local.ts';
import { Outbox } from './outbox.ts';
import { type Addresses, type SessionUrls, sessionUrls } from './urls.ts';

const MOST_EVENTS = 10_000_000;
/** Leaves room for what is around an envelope in its line. */
const MOST_EVENT_BYTES = EVENT_CAP_BYTES - 256;
/** The longest that a timer of Node takes. */
const MOST_MS = 2 ** 31 - 1;

export interface RunnerOptions extends Addresses, Omit<Connection, 'signal'> {
  /** Local mode: envelopes go here instead of to a channel. Its maker closes it. */
  readonly sink?: Sink;
  /** What envelopes name as their `client_source`. Default `runnel`. */
  readonly clientSource?: string;
  /** Optional members of every envelope. */
  readonly context?: Context;
  /** Events that wait for the drain before the oldest are dropped. Default 256. */
  readonly buffer?: number;
  /** Largest envelope, in bytes. Default 65,536. */
  readonly maxEventBytes?: number;
  /** Milliseconds between two heartbeats of a stream, and between two reports of losses. Default 10,000. */
  readonly heartbeatMs?: number;
  /** Further figures for heartbeats, such as `vram_allocated_mb`. What throws or is not finite is left out. */
  readonly vitals?: () => Readonly<Record<string, number>>;
  /** When the start of this runner began, by `clock.now()`. Default 0: for the system's clock, the start of the process. */
  readonly startedAt?: number;
}

export interface Runner {
  /** This start of the runner: 8 hexadecimal digits. */
  readonly epoch: string;
  readonly urls: SessionUrls;
  /** A copy of the counters as of now. */
  readonly books: Books;
  /**
   * Emits an event. Never waits and never throws. Captured at the call: the time, the type, and the first level of `data`; objects within it
   * must not change afterwards. After `close` it is a counted no-op. PROTOCOL.md section 8.3.
   */
  emit(type: string, data?: object, options?: EmitOptions): void;
  /** Sends a log line, together with others. Never waits and never throws. */
  log(line: string): void;
  /** Sends anything for the user, serialised at the call. Never waits and never throws. */
  notify(payload: unknown): void;
  /** Starts a stream's heartbeats. */
  stream(): StreamMeter;
  /**
   * Runs a media loop. What it raises becomes an `error` event and rejects the promise; an abort resolves it. The signal aborts with
   * `close`. EGRESS 1.20.
   */
  guard(loop: MediaLoop, fn: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Serves requests of a type, e.g. `start_stream` or `api`. The last handler of a type counts. */
  onRequest(type: string, handler: RequestHandler): void;
  /**
   * Stops the intake, sends what is queued and a last report of losses, and deletes the events channel. What is left after `deadlineMs`
   * (default 3,000) is dropped as `shutdown`. Never rejects. PROTOCOL.md section 8.4.
   */
  close(options?: { deadlineMs?: number }): Promise<Books>;
}

export interface EmitOptions {
  /** Becomes `data.correlation_id`. */
  readonly correlationId?: string;
}

/**
 * Makes a runner and connects it: to the session's channels below `url` or as given one by one, or to a `sink`. It starts whether or not the
 * server is there, and connects again for as long as it lives. Given neither, events are counted as `no_channel` and go nowhere.
 * Throws TrickleError `invalid` for options that cannot be used. Close it with `close`.
 */
export function createRunner(options: RunnerOptions): Runner {
  const { session, sink, clock = systemClock } = options;
  const buffer = whole('buffer', options.buffer ?? 256, MOST_EVENTS);
  const maxEventBytes = whole('maxEventBytes', options.maxEventBytes ?? 65_536, MOST_EVENT_BYTES);
  const heartbeatMs = whole('heartbeatMs', options.heartbeatMs ?? 10_000, MOST_MS);
  const urls = sessionUrls(sink === undefined ? options : { session });
  const epoch = randomEpoch();
  const outlet = sink === undefined ? eventsOutlet(options, urls, epoch) : sinkOutlet(sink, session, clock);
  const outbox = new Outbox({
    clock,
    epoch,
    identity: { session, clientSource: options.clientSource ?? 'runnel', context: options.context ?? {} },
    buffer,
    maxEventBytes,
    outlet,
    takesMessages: urls.events !== undefined,
  });
  const { telemetry, messages } = outbox;
  const emit: Runner['emit'] = (type, data, emitOptions) => telemetry.emit(type, data, emitOptions?.correlationId);
  const closing = new AbortController();
  const handlers = new Map<string, RequestHandler>();
  const stopReports = every(clock, heartbeatMs, () => outbox.reportLosses());
  if (urls.control !== undefined) {
    const dispatch = controlDispatcher({ handlers, answer: (kind, message) => messages.push(kind, message) });
    void followControl(urls.control, { ...connectionOf(options), signal: closing.signal }, dispatch);
  }

  let closed: Promise<Books> | undefined;
  const shut = async (deadlineMs: number) => {
    stopReports();
    closing.abort();
    await outbox.close(deadlineMs);
    return outbox.books;
  };

  return {
    epoch,
    urls,
    get books() {
      return outbox.books;
    },
    emit,
    log: (line) => messages.log(line),
    notify: (payload) => void messages.push('notification', { type: 'notification', payload }),
    stream: () => streamMeter({ clock, everyMs: heartbeatMs, emit, vitals: options.vitals, signal: closing.signal }),
    guard: (loop, fn) => guardLoop(loop, fn, closing.signal, emit),
    onRequest: (type, handler) => void handlers.set(type, handler),
    close: ({ deadlineMs = 3_000 } = {}) => {
      closed ??= shut(deadlineMs);
      return closed;
    },
  };
}

function eventsOutlet(options: RunnerOptions, urls: SessionUrls, epoch: string): Outlet | undefined {
  if (urls.events === undefined) return undefined;
  const { clock = systemClock, startedAt = 0 } = options;
  const startupMs = Math.max(0, Math.round(clock.now() - startedAt));
  const ready = JSON.stringify({ type: 'runner_ready', startup_ms: startupMs, epoch });
  return new EventsChannel({ url: urls.events, connection: connectionOf(options), epoch, ready });
}

function connectionOf({ transport, headers, clock }: RunnerOptions): Connection {
  return {
    ...(transport === undefined ? {} : { transport }),
    ...(headers === undefined ? {} : { headers }),
    ...(clock === undefined ? {} : { clock }),
  };
}

function whole(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new TrickleError('invalid', `${name} must be a whole number from 1 to ${most}, not ${value}`);
}

function randomEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}
