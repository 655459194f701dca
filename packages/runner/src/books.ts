/** The ledger of a runner: what was emitted is written, pending, or dropped for a reason. PROTOCOL.md section 8.4. */

import type { WithheldReason } from './gate.ts';

/** Why an event did not leave. `consent`: the user has not given it, or has taken it back. `no_channel`: the runner was given neither a channel nor a sink. */
export type DropReason =
  | 'queue_overflow'
  | 'write_failed'
  | 'oversize'
  | 'unserialisable'
  | 'shutdown'
  | 'consent'
  | 'no_channel'
  | 'worker_gone';

/** A copy of the counters at one moment: `emitted = written + pending + ` the sum of `dropped`. */
export interface Books {
  /** Calls of `emit` that were not withheld, which is also the last `seq`. */
  readonly emitted: number;
  /** Events handed to the socket, or acknowledged by the sink in local mode. */
  readonly written: number;
  /** Events in the ring, and those the drain has in hand. */
  readonly pending: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Events that the control state kept from being emitted: in none of the other figures, and no losses. */
  readonly withheld: Readonly<Record<WithheldReason, number>>;
  /** Fields of callers that would have overwritten `type`, `client_source` or `timestamp`; the events went out without them. */
  readonly refusedFields: number;
  /** The same for logs (in lines), notifications and answers; `dropped` is by kind. */
  readonly messages: {
    readonly queued: number;
    readonly written: number;
    readonly pending: number;
    readonly dropped: Readonly<Partial<Record<string, number>>>;
    /** Log lines below the level in force; in none of the other figures. */
    readonly withheld: number;
  };
}

/** Counts by name. Names come from this package's code, never from the wire, so that there are few. */
export class Tally<Name extends string = string> {
  #counts = new Map<Name, number>();

  add(name: Name, n = 1): void {
    if (n > 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + n);
  }

  /** A copy; names that were never counted are absent. */
  toObject(): Partial<Record<Name, number>> {
    return Object.fromEntries(this.#counts) as Partial<Record<Name, number>>;
  }
}
