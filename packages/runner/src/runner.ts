/** The runner's side of a session: telemetry, logs and answers out, requests in. PROTOCOL.md section 8. */
import {
  controlState,
  type EffectiveState,
  EVENT_CAP_BYTES,
  type LogLevel,
  type Sink,
  STDERR_TELEMETRY,
  systemClock,
  TrickleError,
} from '@runnel/protocol';
import type { Connection } from '@runnel/pubsub';
import type { Books } from './books.ts';
import { EventsChannel } from './channel.ts';
import { controlDispatcher, type RequestHandler } from './control.ts';
import { followControl } from './control-channel.ts';
import type { Outlet } from './drain.ts';
import type { Context } from './envelope.ts';
import { Gate, type Site } from './gate.ts';
import { describeError, guardLoop, type MediaLoop } from './guard.ts';
import { Heart } from './heart.ts';
import { type StreamMeter, streamMeter } from './heartbeat.ts';
import { atProcessEnd, type Speaker, sendFromChild } from './last-words.ts';
import { sinkOutlet } from './local.ts';
import { Outbox } from './outbox.ts';
import { type StartSpan, spanStarter } from './span.ts';
import {
  ordinary,
  STDERR_EVENT_BYTES,
  STDERR_MESSAGE_BYTES,
  sayUnwritten,
  stderrOutlet,
  type WriteStderr,
} from './stderr.ts';
import { type ConfiguredState, Steering } from './steering.ts';
import type { Overflow, Telemetry } from './telemetry.ts';
import type { Tracing } from './tracing.ts';
import { type Addresses, type SessionUrls, sessionUrls } from './urls.ts';
import { type WorkerLink, WorkerLinks } from './worker-link.ts';

const MOST_EVENTS = 10_000_000;
/** Leaves room for what is around an envelope in its line. */
const MOST_EVENT_BYTES = EVENT_CAP_BYTES - 256;
/** The longest that a timer of Node takes. */
const MOST_MS = 2 ** 31 - 1;

export interface RunnerOptions extends Addresses, Omit<Connection, 'signal'> {
  /** Local mode: envelopes go here instead of to a channel. Its maker closes it. */
  readonly sink?: Sink;
  /** Events go to stderr as lines among others, for a runner without a network; or to the function given. PROTOCOL.md section 8.7. */
  readonly stderr?: boolean | WriteStderr;
  /** What envelopes name as their `client_source`. Default `runnel`. */
  readonly clientSource?: string;
  /** Optional members of every envelope. */
  readonly context?: Context;
  /** Events that wait for the drain before one is dropped. Default 256. */
  readonly buffer?: number;
  /** Which one that is. Default `drop_oldest`. */
  readonly overflow?: Overflow;
  /** The control state that the runner begins with and that holds wherever a client states nothing else. Default: everything is emitted. */
  readonly control?: ConfiguredState;
  /** Largest envelope, in bytes. Default 65,536. */
  readonly maxEventBytes?: number;
  /** Milliseconds between two heartbeats of a stream, and between two reports of losses. Default 10,000. */
  readonly heartbeatMs?: number;
  /** Further figures for heartbeats, such as `vram_allocated_mb`. What throws or is not finite is left out. */
  readonly vitals?: () => Readonly<Record<string, number>>;
  /**
   * What is queued when the process ends, by `process.exit`, SIGTERM, SIGINT or an exception that nobody catches, has this long to leave, in milliseconds; the
   * exception itself is an `error` event. How many events did not leave is told on stderr. A signal that the application handles is left to it.
   * Default: absent, the process is not listened to.
   */
  readonly lastWordsMs?: number;
  /** The application's own tracing, for the trace context of spans. Default: none, spans have correlation ids alone. */
  readonly tracing?: Tracing;
  /** When the start of this runner began, by `clock.now()`. Default 0: for the system's clock, the start of the process. */
  readonly startedAt?: number;
}

export interface Runner {
  /** This start of the runner: 8 hexadecimal digits. */
  readonly epoch: string;
  readonly urls: SessionUrls;
  /** The control state in force. PROTOCOL.md section 8.6. */
  readonly control: EffectiveState;
  /** A copy of the counters as of now. */
  readonly books: Books;
  /**
   * Emits an event. Never waits and never throws. Captured at the call: the time, the type, and the first level of `data`; objects within it
   * must not change afterwards. After `close` it is a counted no-op. PROTOCOL.md section 8.3.
   */
  emit(type: string, data?: object, options?: EmitOptions): void;
  /** A link for a worker thread, in which `workerEmitter` of `@runnel/runner/worker` emits through this runner. EGRESS 4.5. */
  workerLink(): WorkerLink;
  /** A handle for the events of one type, for a call site that is passed often: what the control state withholds costs next to nothing there. */
  event(type: string): EventHandle;
  /**
   * A piece of work as two events, `<name>.start` and `<name>.stop` or `<name>.exception`, with the same `span_id` and `correlation_id`. Runs `fn`, or
   * without it gives a span to be ended: `using span = runner.span('load')`. Durations are nanoseconds. Metadata is captured at the call.
   */
  readonly span: StartSpan;
  /** Sends a log line, together with others, unless the control state asks for a higher level than `level` (default `info`). Never waits and never throws. */
  log(line: string, level?: Exclude<LogLevel, 'off'>): void;
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

/** Emits events of one type. */
export interface EventHandle {
  readonly type: string;
  /** Whether any event of this type is emitted now; figures that cost something need not be gathered where not. */
  readonly enabled: boolean;
  /** As the runner's `emit`. */
  emit(data?: object, options?: EmitOptions): void;
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
  const stderr =
    options.stderr === true ? (text: string) => void process.stderr.write(text) : options.stderr || undefined;
  const maxEventBytes = Math.min(
    whole('maxEventBytes', options.maxEventBytes ?? 65_536, MOST_EVENT_BYTES),
    stderr ? STDERR_EVENT_BYTES : MOST_EVENT_BYTES,
  );
  const overflow = options.overflow ?? 'drop_oldest';
  const heartbeatMs = whole('heartbeatMs', options.heartbeatMs ?? 10_000, MOST_MS);
  const initial = { ...configured(options.control), heartbeat_ms: heartbeatMs };
  const urls = sessionUrls(sink === undefined && stderr === undefined ? options : { session });
  const epoch = randomEpoch();
  const gate = new Gate();
  const heart = new Heart(clock, heartbeatMs);
  const ready = readyLine(options, epoch, () => steering);
  const outlet = stderr
    ? stderrOutlet({ write: stderr, epoch, ready })
    : sink === undefined
      ? eventsOutlet(options, urls, epoch, ready)
      : sinkOutlet(sink, session, clock);
  const outbox = new Outbox({
    clock,
    epoch,
    identity: { session, clientSource: options.clientSource ?? 'runnel', context: options.context ?? {} },
    gate,
    buffer,
    overflow,
    maxEventBytes,
    inForce: () => steering.inForce,
    outlet,
    takesMessages: urls.events !== undefined || stderr !== undefined,
    onUnwritable: stderr && ((reason, type) => sayUnwritten(stderr, reason, type)),
    maxMessageBytes: stderr && STDERR_MESSAGE_BYTES,
  });
  const { telemetry, messages } = outbox;
  const workers = new WorkerLinks(telemetry);
  const steering = new Steering({
    clock,
    configured: initial,
    say: (kind, message) => messages.push(kind, message),
    onState: (state) => {
      gate.setRules(state);
      heart.retime(state.heartbeat_ms);
      messages.logLevel = state.log_level;
    },
  });
  const emit: Runner['emit'] = (type, data, emitOptions) => telemetry.emit(type, data, emitOptions?.correlationId);
  const closing = new AbortController();
  const handlers = new Map<string, RequestHandler>();
  const stopReports = heart.each(() => outbox.reportLosses());
  if (urls.control !== undefined) {
    const answer = (kind: string, message: object) => messages.push(kind, message);
    const dispatch = controlDispatcher({ handlers, steer: (message) => steering.take(message), answer });
    void followControl(urls.control, { ...connectionOf(options), signal: closing.signal }, dispatch);
  }

  const lastWordsMs =
    options.lastWordsMs === undefined ? undefined : whole('lastWordsMs', options.lastWordsMs, MOST_MS);
  let closed: Promise<Books> | undefined;
  const shut = async (deadlineMs: number) => {
    stopReports();
    steering.close();
    closing.abort();
    workers.close();
    await outbox.close(deadlineMs);
    silence();
    return outbox.books;
  };

  const close: Runner['close'] = ({ deadlineMs = 3_000 } = {}) => {
    closed ??= shut(deadlineMs);
    return closed;
  };
  const silence =
    lastWordsMs === undefined
      ? () => {}
      : atProcessEnd({
          session,
          deadlineMs: lastWordsMs,
          close: () => close({ deadlineMs: lastWordsMs }),
          uncaught: (error) => emit('error', { error: { error_type: 'uncaught_exception', ...describeError(error) } }),
          rest: () => outbox.rest(),
          send: lastSender(options, urls, stderr),
        });

  return {
    epoch,
    urls,
    get books() {
      return outbox.books;
    },
    get control() {
      return steering.state;
    },
    emit,
    workerLink: () => workers.open(),
    event: (type) => new Handle(telemetry, gate.site(type)),
    span: spanStarter({ clock, gate, telemetry, tracing: options.tracing, epoch }),
    log: (line, level = 'info') => messages.log(line, level, stderr && ((text) => stderr(ordinary(text)))),
    notify: (payload) => void messages.push('notification', { type: 'notification', payload }),
    stream: () =>
      streamMeter({ clock, each: (fn) => heart.each(fn), emit, vitals: options.vitals, signal: closing.signal }),
    guard: (loop, fn) => guardLoop(loop, fn, closing.signal, emit),
    onRequest: (type, handler) => void handlers.set(type, handler),
    close,
  };
}

/** What a call site keeps. */
class Handle implements EventHandle {
  readonly #telemetry: Telemetry;
  readonly #site: Site;

  constructor(telemetry: Telemetry, site: Site) {
    this.#telemetry = telemetry;
    this.#site = site;
  }

  get type(): string {
    return this.#site.type;
  }

  get enabled(): boolean {
    return this.#site.enabled;
  }

  emit(data?: object, options?: EmitOptions): void {
    this.#telemetry.emitAt(this.#site, data, options?.correlationId);
  }
}

function eventsOutlet(
  options: RunnerOptions,
  urls: SessionUrls,
  epoch: string,
  ready: () => string,
): Outlet | undefined {
  if (urls.events === undefined) return undefined;
  return new EventsChannel({ url: urls.events, connection: connectionOf(options), epoch, ready });
}

/** Makes the function that writes `runner_ready`, as of the moment at which it is written. */
function readyLine({ clock = systemClock, startedAt = 0 }: RunnerOptions, epoch: string, steering: () => Steering) {
  const startup_ms = Math.max(0, Math.round(clock.now() - startedAt));
  return () => {
    const { state, inForce: control } = steering();
    const handshake = { telemetry_enabled: state.enabled, sampling_rate: state.sampling.rate, control };
    return JSON.stringify({ type: 'runner_ready', startup_ms, epoch, ...handshake });
  };
}

/** How lines leave when the event loop has stopped. A transport or a sink of the caller's needs it, so that there is no way then. */
function lastSender(
  { transport, headers }: RunnerOptions,
  { events }: SessionUrls,
  stderr: WriteStderr | undefined,
): Speaker['send'] {
  if (stderr) {
    return (lines) => {
      stderr(lines.map((line) => `${STDERR_TELEMETRY}${line}\n`).join(''));
      return true;
    };
  }
  if (events === undefined || transport !== undefined) return undefined;
  return (lines, deadlineMs) => {
    const given = typeof headers === 'function' ? headers() : headers;
    // Headers that have to be waited for cannot be had any more.
    return !(given instanceof Promise) && sendFromChild({ url: events, headers: given ?? {}, lines, deadlineMs });
  };
}

function configured(control: ConfiguredState = {}): ConfiguredState {
  const parsed = controlState.omit({ expires_ms: true, heartbeat_ms: true }).safeParse(control);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TrickleError('invalid', `control: ${issue?.path.join('.')}: ${issue?.message}`);
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
