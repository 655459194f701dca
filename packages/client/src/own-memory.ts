/** Whether envelopes stay parts of the network chunks they came in, or are copied out of them. */
import type { Envelope } from '@runnel/protocol';

/**
 * The same envelopes, in at most twice the memory of their bytes. Where their chunks hold more than that, all are copied, so that one that waits for its
 * sink does not keep a chunk in memory. To copy always is a seventh of the client's CPU for an event.
 */
export function inOwnMemory(envelopes: readonly Envelope[]): readonly Envelope[] {
  let bytes = 0;
  let held = 0;
  let chunk: ArrayBufferLike | undefined;
  for (const each of envelopes) {
    bytes += each.bytes.length;
    if (each.bytes.buffer === chunk) continue;
    chunk = each.bytes.buffer;
    held += chunk.byteLength;
  }
  if (bytes * 2 >= held) return envelopes;
  return envelopes.map((each) => ({ ...each, bytes: Buffer.from(each.bytes) }));
}
