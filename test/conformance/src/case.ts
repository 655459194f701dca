/** A case: one sentence of PROTOCOL.md, held against a server. */
import type { Need } from './features.ts';
import type { Wire } from './wire/wire.ts';

export interface Case {
  /** Unique and stable: `TRICKLE 31` where the case stands in the list the suite began with, else `PROTOCOL 3.2 …`. */
  readonly id: string;
  /** Given, when, then: what is expected. */
  readonly title: string;
  /** The sentence or table row it checks, word for word. White space may differ. */
  readonly quote: string;
  /** What the server must offer; without it the case is not applicable. */
  readonly needs?: readonly Need[];
  /** Runs while no other case does, before or after all others. */
  readonly alone?: 'first' | 'last';
  /** About how long it waits for the server's own times. Long cases start first. */
  readonly seconds?: number;
  /** Returns when the server has done what is expected. Throws {@link Mismatch} or {@link NotApplicable}. */
  readonly run: (wire: Wire) => Promise<void>;
}

export interface Section {
  /** The section of PROTOCOL.md. */
  readonly number: string;
  readonly title: string;
  readonly cases: readonly Case[];
}
