/** Envelopes for tests. */
import type { Envelope } from '@runnel/protocol';

/** An envelope of this text, whose id is that of the text. */
export function envelopeOf(text: string, over: Partial<Envelope> = {}): Envelope {
  const id = /"id":"([^"]*)"/.exec(text)?.[1];
  const bytes = new TextEncoder().encode(text);
  return { id, bytes, session: 'demo', relayedVia: 'trickle', receivedAt: 1_700_000_000_123, ...over };
}

/** An envelope as PROTOCOL.md section 8.3 builds it. */
export function envelope(id: string, data: Record<string, unknown> = {}, over: Partial<Envelope> = {}): Envelope {
  const timestamp = '1700000000000';
  const full = { type: 'stream_heartbeat', client_source: 'scope', timestamp, ...data };
  return envelopeOf(JSON.stringify({ id, type: 'stream_trace', timestamp, data: full }), over);
}

export const textOf = ({ bytes }: { bytes: Uint8Array }): string => Buffer.from(bytes).toString();
