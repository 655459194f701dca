/** How long envelopes may stay parts of the network chunks they came in: as long as those hold little else. */
import type { Envelope } from '@runnel/protocol';

/**
 * The same envelopes, in at most twice the memory of their bytes: a chunk that came with more besides them is let go of, and its envelopes get copies. To copy all of them is a seventh
 * of the CPU that the client takes for an event; V8 also marks its whole heap for every 64 MiB of new buffers.
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
