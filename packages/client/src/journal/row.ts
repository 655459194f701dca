/** An envelope and its number, as the journal reads it back. */
import type { Envelope } from '@runnel/protocol';

/** Numbers grow by the order of arrival, and none is given twice. */
export interface Row {
  readonly n: number;
  readonly envelope: Envelope;
}

/** The columns of `readRow`. */
export const COLUMNS = 'n, session, id, via, received_at, bytes';

/** Undefined if a damaged file gave something that was never written. */
export function readRow(row: Readonly<Record<string, unknown>>): Row | undefined {
  const { n, session, id, via, received_at: receivedAt, bytes } = row;
  if (typeof n !== 'number' || typeof session !== 'string' || typeof receivedAt !== 'number') return undefined;
  if (!(bytes instanceof Uint8Array) || (via !== 'trickle' && via !== 'local')) return undefined;
  if (id !== null && typeof id !== 'string') return undefined;
  return { n, envelope: { id: id ?? undefined, bytes, session, relayedVia: via, receivedAt } };
}
