/** What of its envelopes a lane is still to send: not those that its sink does not want or that are too old for it, nor those that another delivers in time. EGRESS section 6 "slow sink + old data first". */
import type { Clock, Envelope, Sink } from '@runnel/protocol';
import type { Result } from '../journal/cursor.ts';
import type { Row } from '../journal/row.ts';

export interface WorthSetup {
  readonly sink: Sink;
  readonly clock: Clock;
  /** For how long the oldest has waited that is pending for the sink of that name, in milliseconds. */
  readonly behindMs: (sink: string) => number;
}

export class Worth {
  readonly #setup: WorthSetup;

  constructor(setup: WorthSetup) {
    this.#setup = setup;
  }

  /** Those to be sent, and what became of the others. */
  sift(rows: readonly Row[]): { readonly rows: readonly Row[]; readonly results: readonly Result[] } {
    if (this.#isCovered()) return { rows: [], results: rows.map(({ n }) => ({ n, became: 'covered' })) };
    const { wants, ttlMs } = this.#setup.sink.traits ?? {};
    if (!wants && !ttlMs) return { rows, results: [] };
    const kept: Row[] = [];
    const results: Result[] = [];
    for (const row of rows) {
      if (wants && !wants(row.envelope)) results.push({ n: row.n, became: 'filtered' });
      else if (this.hasExpired(row.envelope)) results.push({ n: row.n, became: 'expired' });
      else kept.push(row);
    }
    return { rows: kept, results };
  }

  hasExpired(envelope: Envelope): boolean {
    const { sink, clock } = this.#setup;
    const ttlMs = sink.traits?.ttlMs?.(envelope);
    return ttlMs !== undefined && clock.wall() - envelope.receivedAt > ttlMs;
  }

  #isCovered(): boolean {
    const { standsInFor } = this.#setup.sink.traits ?? {};
    return standsInFor !== undefined && this.#setup.behindMs(standsInFor.sink) <= standsInFor.behindMs;
  }
}
