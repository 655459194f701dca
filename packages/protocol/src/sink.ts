/** Where envelopes leave, and what a sink can say of a batch. EGRESS sections 2 and 6 are what its callers must survive. */
import type { Envelope } from './envelope.ts';

/** Where envelopes leave. */
export interface Sink {
  /** Short and stable: it names the sink in status, metrics and logs. */
  readonly name: string;
  /** What the caller may rely on and must keep to; without it: order of all, one batch at a time, any size. */
  readonly traits?: SinkTraits;
  /**
   * Hands over a batch, in order. Resolves when it is dealt with: wholly acknowledged, or as the report says. Rejects when none of it may be
   * taken as acknowledged, with a {@link SinkError} where the sink knows more than that; the caller then hands the same envelopes over
   * again. Must give up soon after `signal` aborts.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: an async function that returns nothing is a whole acknowledgement
  send(batch: readonly Envelope[], signal: AbortSignal): Promise<SendReport | void>;
  /** After an `unauthorized`: resolves when the credentials are others than then, or when `signal` aborts. */
  renewed?(signal: AbortSignal): Promise<void>;
  /** Lets go of files and connections. What was acknowledged stays so; the sink is not used afterwards. */
  close(): Promise<void>;
}

/** What a sink promises and asks for. */
export interface SinkTraits {
  /** What keeps its order: `all`, the envelopes of one `key`, or `none`. With `none` several batches may be in flight; with `key` one more, of a key that is tried again. */
  readonly order: 'all' | 'key' | 'none';
  /** The key that orders an envelope; wanted with `order: 'key'`. */
  readonly key?: (envelope: Envelope) => string;
  /** Most envelopes of a batch. Default 500. */
  readonly maxBatch?: number;
  /** Most bytes of a batch's envelopes. Default 1,000,000. */
  readonly maxBytes?: number;
  /** Bytes that each envelope counts beside its own, such as what stands between two. Default 0. */
  readonly overheadBytes?: number;
  /** How long a batch that is not full may wait, in milliseconds. Default 0. */
  readonly flushMs?: number;
  /** Most calls of `send` in any minute. Default: no limit. */
  readonly requestsPerMinute?: number;
  /** What it depends on, such as a URL's origin: sinks of one destination share its failures, its retries and its pace. Default: the sink alone. */
  readonly destination?: string;
  /** Whether it wants an envelope, asked when its turn comes; another is dropped and counted as `filtered`. Default: all. */
  readonly wants?: (envelope: Envelope) => boolean;
  /** How long an envelope is worth sending, in milliseconds since it was received, by the wall clock; an older one is dropped and counted as `expired`. Undefined: for ever. */
  readonly ttlMs?: (envelope: Envelope) => number | undefined;
  /**
   * It gets only what comes while the sink of that name has envelopes waiting for more than `behindMs`, so that what is new need not wait for a backlog; the
   * rest is counted as `covered`. That sink, which stands in for none itself, still gets everything: its receiver sees some envelopes twice, with the same ids.
   */
  readonly standsInFor?: { readonly sink: string; readonly behindMs: number };
}

/** A batch of which some was not taken. Places count from 0; what is in neither list is acknowledged, but for `unnamed`. */
export interface SendReport {
  /** Refused for ever: these are not to be sent again. */
  readonly refused?: readonly { readonly place: number; readonly reason: string }[];
  /** Not taken this time: these are to be sent again, later. */
  readonly retry?: readonly number[];
  /** How many of the acknowledged were refused for ever after all, where the other side counts them and does not say which. */
  readonly unnamed?: { readonly count: number; readonly reason: string };
}

export type SinkErrorKind =
  /** Down, slow, or broken on the way: try again with back-off. */
  | 'unavailable'
  /** Asked to slow down: try again no earlier than `retryAfterMs`. */
  | 'throttled'
  /** The credentials are not accepted: pause until they are renewed. */
  | 'unauthorized'
  /** More than the other side takes at once: split. */
  | 'too_large'
  /** Something in the batch is not acceptable, unknown what: bisect. */
  | 'refused';

/** Why a batch was not taken. `response` is what the other side said, cut to a kilobyte; `status` its HTTP status, where there was one. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly kind: SinkErrorKind;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly response: string | undefined;

  constructor(
    kind: SinkErrorKind,
    message: string,
    more: { retryAfterMs?: number | undefined; status?: number; response?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.kind = kind;
    this.retryAfterMs = more.retryAfterMs;
    this.status = more.status;
    this.response = more.response?.slice(0, 1024);
  }
}
