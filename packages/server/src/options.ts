/** What a trickle server can be told, with the defaults of PROTOCOL.md section 4.7. */
import { type Clock, EVENT_CAP_BYTES, systemClock, TrickleError } from '@runnel/protocol';

/** Thrown by a policy hook to refuse: the answer's status (outside 400-499 it becomes 400) and its text. PROTOCOL.md section 3.1. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status >= 400 && status <= 499 ? status : 400;
  }
}

/**
 * Asked before a channel comes or goes over HTTP. Throw a {@link Refusal} to refuse; any other error is answered 500 and printed to
 * standard error. Nothing has happened yet when it is called.
 */
export type PolicyHook = (name: string, headers: Headers) => void | Promise<void>;

/** Times are milliseconds, sizes bytes. */
export interface Limits {
  /** Finished segments that stay whatever their age. Default 5. */
  readonly window: number;
  /** A finished segment stays this long even if newer ones came. Default 30,000; 0 keeps the window alone. */
  readonly keepMs: number;
  /** Finished bytes kept, a channel. Default 64 MiB. */
  readonly keepBytes: number;
  /** Bytes held, the whole server: finished, being written and still being read. Default 512 MiB. */
  readonly budgetBytes: number;
  /** Bytes of one segment. Default 64 MiB. */
  readonly segmentBytes: number;
  /** Bytes of one line of a JSONL channel, its LF included. Default 5,242,880. */
  readonly eventBytes: number;
  readonly maxChannels: number;
  readonly maxReaders: number;
  /** Time to finish reading a segment that has left the window. Default 10,000. */
  readonly laggardMs: number;
  /** A seq that was jumped over is released after this. Default 1,000. */
  readonly holeMs: number;
  /** A dead writer's segment waits this long for another. Default 5,000. */
  readonly resumeMs: number;
  /** A closed channel stays readable this long. Default 0. */
  readonly lingerMs: number;
  /** A closed channel's name refuses segments this long, where autocreate is on. Default 10,000. */
  readonly tombstoneMs: number;
  /** A channel without a byte for this long is closed. Default 300,000. */
  readonly idleTimeoutMs: number;
}

export interface TrickleOptions extends Partial<Limits> {
  readonly clock?: Clock;
  /** Whether requests may create channels. Default false. */
  readonly autocreate?: boolean;
  /** Whether `_changes` and `_channels` exist; they make names known, and a name is a credential. Default false. */
  readonly changefeed?: boolean;
  /** Channels that exist from the start. */
  readonly channels?: readonly { readonly name: string; readonly mime: string }[];
  readonly beforeCreate?: PolicyHook;
  readonly beforeDelete?: PolicyHook;
}

export interface Settings {
  readonly clock: Clock;
  readonly autocreate: boolean;
  readonly changefeed: boolean;
  readonly channels: readonly { readonly name: string; readonly mime: string }[];
  readonly beforeCreate: PolicyHook | undefined;
  readonly beforeDelete: PolicyHook | undefined;
  readonly limits: Limits;
}

const MiB = 1024 * 1024;

/** The defaults of PROTOCOL.md section 4.7. */
export const DEFAULT_LIMITS: Limits = {
  window: 5,
  keepMs: 30_000,
  keepBytes: 64 * MiB,
  budgetBytes: 512 * MiB,
  segmentBytes: 64 * MiB,
  eventBytes: EVENT_CAP_BYTES,
  maxChannels: 100_000,
  maxReaders: 10_000,
  laggardMs: 10_000,
  holeMs: 1_000,
  resumeMs: 5_000,
  lingerMs: 0,
  tombstoneMs: 10_000,
  idleTimeoutMs: 300_000,
};

export function settings(options: TrickleOptions): Settings {
  const {
    clock = systemClock,
    autocreate = false,
    changefeed = false,
    channels = [],
    beforeCreate,
    beforeDelete,
  } = options;
  return { clock, autocreate, changefeed, channels, beforeCreate, beforeDelete, limits: limitsOf(options) };
}

function limitsOf(options: TrickleOptions): Limits {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const value = options[name];
    if (value !== undefined) Object.assign(limits, { [name]: checked(name, value) });
  }
  return limits;
}

function checked(name: keyof Limits, value: number): number {
  const least = name.endsWith('Ms') || name === 'window' ? 0 : 1;
  if (Number.isFinite(value) && value >= least) return value;
  throw new TrickleError('invalid', `${name} must be a number of at least ${least}, not ${value}`);
}
