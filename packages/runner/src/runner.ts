/** The runner's side of a session: telemetry, logs and answers out, requests in. PROTOCOL.md section 8. */
import { type EffectiveState, type LogLevel, systemClock } from '@runnel/protocol';
import type { Books } from './books.ts';
import { EventsChannel } from './channel.ts';
import { controlDispatcher, type RequestHandler } from './control.ts';
import { followControl } from './control-channel.ts';
import { type EmitOptions, type EventHandle, Handle } from './event-handle.ts';
import { Gate } from './gate.ts';
import { describeError, guardLoop, type MediaLoop } from './guard.ts';
import { Heart } from './heart.ts';
import { type StreamMeter, streamMeter } from './heartbeat.ts';
import { atProcessEnd, lastSender } from './last-words.ts';
import { sinkOutlet } from './local.ts';
import { type RunnerOptions, readOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { type StartSpan, spanStarter } from './span.ts';
import { STDERR_MESSAGE_BYTES, sayOrdinary, sayUnwritten, stderrOutlet } from './stderr.ts';
import { Steering } from './steering.ts';
import type { SessionUrls } from './urls.ts';
import { type WorkerLink, WorkerLinks } from './worker-link.ts';

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
  /**
   * The session's user agrees to telemetry, or takes that back: then nothing of it leaves any more but what a connection has got already, events that wait are dropped, and so are new ones, both
   * counted as `consent`. Messages and counts go on. EGRESS 1.23.
   */
  consent(given: boolean): void;
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

/**
 * Makes a runner and connects it: to the session's channels below `url` or as given one by one, or to a `sink`. It starts whether or not the
 * server is there, and connects again for as long as it lives. Given neither, events are counted as `no_channel` and go nowhere.
 * Throws TrickleError `invalid` for options that cannot be used. Close it with `close`.
 */
export function createRunner(options: RunnerOptions): Runner {
  const { session, clock = systemClock } = options;
  const { urls, stderr, heartbeatMs, lastWordsMs, connection, control, ...limits } = readOptions(options);
  const epoch = randomEpoch();
  const gate = new Gate();
  const heart = new Heart(clock, heartbeatMs);
  const outbox = new Outbox({
    ...limits,
    clock,
    epoch,
    gate,
    inForce: () => steering.inForce,
    outlet: outletOf(),
    takesMessages: urls.events !== undefined || stderr !== undefined,
    onUnwritable: stderr && ((reason, type) => sayUnwritten(stderr, reason, type)),
    maxMessageBytes: stderr && STDERR_MESSAGE_BYTES,
  });
  const { telemetry, messages } = outbox;
  const workers = new WorkerLinks(telemetry);
  outbox.consent(options.consent ?? true);
  const steering = new Steering({
    clock,
    configured: { ...control, heartbeat_ms: heartbeatMs },
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
    void followControl(urls.control, { ...connection, signal: closing.signal }, dispatch);
  }

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
          send: lastSender({ stderr, url: urls.events, connection }),
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
    consent: (given) => outbox.consent(given),
    workerLink: () => workers.open(),
    event: (type) => new Handle(telemetry, gate.site(type)),
    span: spanStarter({ clock, gate, telemetry, tracing: options.tracing, epoch }),
    log: (line, level = 'info') => messages.log(line, level, stderr && ((text) => sayOrdinary(stderr, text))),
    notify: (payload) => void messages.push('notification', { type: 'notification', payload }),
    stream: () =>
      streamMeter({ clock, each: (fn) => heart.each(fn), emit, vitals: options.vitals, signal: closing.signal }),
    guard: (loop, fn) => guardLoop(loop, fn, closing.signal, emit),
    onRequest: (type, handler) => void handlers.set(type, handler),
    close,
  };

  function outletOf() {
    const ready = readyLine(options, epoch, () => steering);
    if (stderr) return stderrOutlet({ write: stderr, epoch, ready });
    if (options.sink) return sinkOutlet(options.sink, session, clock);
    return urls.events === undefined ? undefined : new EventsChannel({ url: urls.events, connection, epoch, ready });
  }
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

function randomEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}
