/** What the server counts: plain numbers on the hot path, made into Prometheus text when someone asks. */

/** A number per label value. */
export class Tally<K extends string = string> {
  readonly values = new Map<K, number>();

  add(key: K, by = 1): void {
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  get(key: K): number {
    return this.values.get(key) ?? 0;
  }
}

/** Why a request was not served. */
export type RefusalReason =
  | 'segment_closed'
  | 'not_found'
  | 'ended'
  | 'segment_too_large'
  | 'event_too_large'
  | 'reserved_name'
  | 'policy'
  | 'too_many_channels'
  | 'too_many_readers'
  | 'too_many_connections'
  | 'policy_failed'
  | 'stopping'
  | 'malformed'
  /** A page of another site. */
  | 'stranger';

/** Why a finished segment left the window. */
export type EvictionReason = 'age' | 'channel_bytes' | 'channel_segments' | 'server_bytes' | 'server_segments';

/** Why a channel ended. */
export type RemovalReason = 'deleted' | 'idle';

export interface Counters {
  /** Connections accepted, where the server has its own listener. */
  connections: number;
  bytesIn: number;
  bytesOut: number;
  /** Bytes that came after their segment had been ended under the writer, or to a POST that was refused. */
  discardedBytes: number;
  /** Bodies decoded by fast ingest. */
  fastBodies: number;
  /** POSTs of a segment that another POST was writing. */
  joinedWriters: number;
  /** POSTs whose connection broke before their body ended. */
  deadWriters: number;
  /** Readers cut because their segment had left the window for too long. */
  cutReaders: number;
  /** How often the server stopped reading bodies for want of memory. */
  pauses: number;
  channelsCreated: number;
  /** A channel began a new life at a POST of seq 0. */
  restarts: number;
  readonly segments: Tally<'closed' | 'aborted' | 'skipped'>;
  readonly evictions: Tally<EvictionReason>;
  readonly removals: Tally<RemovalReason>;
  readonly refusals: Tally<RefusalReason>;
  /** Answers by method and status, as `GET 200`. */
  readonly answers: Tally;
  /** Milliseconds from request to answer's head, by method. A GET that waits is in it with its wait. */
  readonly answerMs: Tally;
}

export function createCounters(): Counters {
  return {
    connections: 0,
    bytesIn: 0,
    bytesOut: 0,
    discardedBytes: 0,
    fastBodies: 0,
    joinedWriters: 0,
    deadWriters: 0,
    cutReaders: 0,
    pauses: 0,
    channelsCreated: 0,
    restarts: 0,
    segments: new Tally(),
    evictions: new Tally(),
    removals: new Tally(),
    refusals: new Tally(),
    answers: new Tally(),
    answerMs: new Tally(),
  };
}
