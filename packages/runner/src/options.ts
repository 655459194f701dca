/** What a runner may be told, and what of it cannot be used. */
import { controlState, EVENT_CAP_BYTES, type Sink, TrickleError } from '@runnel/protocol';
import type { Connection } from '@runnel/pubsub';
import type { Context } from './envelope.ts';
import { processStderr, STDERR_EVENT_BYTES, type WriteStderr } from './stderr.ts';
import type { ConfiguredState } from './steering.ts';
import type { Overflow } from './telemetry.ts';
import type { Tracing } from './tracing.ts';
import { type Addresses, sessionUrls } from './urls.ts';

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
  /** Whether the session's user agrees to telemetry, until `runner.consent` says otherwise. Default true. */
  readonly consent?: boolean;
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

/** Options with their defaults, checked before anything is begun. Throws TrickleError `invalid`. */
export function readOptions(options: RunnerOptions) {
  const { session, sink, lastWordsMs } = options;
  const stderr = options.stderr === true ? processStderr() : options.stderr || undefined;
  return {
    stderr,
    buffer: whole('buffer', options.buffer ?? 256, MOST_EVENTS),
    overflow: options.overflow ?? 'drop_oldest',
    maxEventBytes: Math.min(
      whole('maxEventBytes', options.maxEventBytes ?? 65_536, MOST_EVENT_BYTES),
      stderr ? STDERR_EVENT_BYTES : MOST_EVENT_BYTES,
    ),
    heartbeatMs: whole('heartbeatMs', options.heartbeatMs ?? 10_000, MOST_MS),
    lastWordsMs: lastWordsMs === undefined ? undefined : whole('lastWordsMs', lastWordsMs, MOST_MS),
    control: configured(options.control),
    identity: { session, clientSource: options.clientSource ?? 'runnel', context: options.context ?? {} },
    // What does not go to a channel has none.
    urls: sessionUrls(sink === undefined && stderr === undefined ? options : { session }),
    connection: connectionOf(options),
  } as const;
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
