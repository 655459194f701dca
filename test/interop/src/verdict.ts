// What a run's books amount to, and what each pairing is held to.

import type { Account } from './books.ts';
import type { Scenario } from './scenario.ts';

/**
 * `exact`: every byte, in order, once. `reported`: something is missing and the side that can know says so. `silent`: something is
 * missing and nobody says so. `broken`: bytes that were never written, twice, or out of order.
 */
export type Verdict = 'exact' | 'reported' | 'silent' | 'broken';

export interface Pairing {
  readonly publisher: string;
  readonly server: string;
  readonly subscriber: string;
  readonly kind: 'bytes' | 'jsonl';
  readonly scenario: Scenario;
}

export function verdictOf(account: Account): Verdict {
  if (account.duplicates > 0 || account.disorder > 0 || account.corrupt > 0) return 'broken';
  if (account.missing.length === 0) return 'exact';
  const unexplained = account.missing.length - account.unacknowledged - account.partialKnown;
  // After a discontinuity a subscriber knows that it missed something, but no one can know how much.
  if (unexplained <= account.skipped || account.discontinuities > 0) return 'reported';
  return 'silent';
}

/** The verdicts a pairing may have: with our server nothing is lost while nobody restarts, and our own clients know of every loss. */
export function allowed({ publisher, server, subscriber, scenario }: Pairing): readonly Verdict[] {
  if (server === 'ours' && scenario === 'steady') return ['exact'];
  if (server === 'ours' && publisher === 'ours' && subscriber === 'ours') {
    return scenario === 'subscriber restarts' ? ['exact'] : ['exact', 'reported'];
  }
  if (server === 'ours' && subscriber === 'ours') return ['exact', 'reported'];
  // On the Go server a head that went back makes its own clients read twice; ours must not.
  if (server === 'go' && subscriber !== 'ours') return ['exact', 'reported', 'silent', 'broken'];
  return ['exact', 'reported', 'silent'];
}
