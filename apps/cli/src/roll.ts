/** Cuts a byte stream into segments, by time and by size. JSON lines have the JSONL writer for this, which never splits a line. */
import type { Clock } from '@runnel/protocol';
import type { Publisher, SegmentWriter } from '@runnel/pubsub';

export interface Roll {
  /** Resolves when the bytes are handed over. Rejects with what the publisher, or an earlier segment, failed with. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the last segment; resolves when every segment is acknowledged. */
  end(): Promise<void>;
}

/** A segment ends `segmentMs` after its first byte, with or without further bytes, and at `segmentBytes`. */
export function createRoll(
  publisher: Publisher,
  { segmentMs, segmentBytes, clock }: { segmentMs: number; segmentBytes: number; clock: Clock },
): Roll {
  let current: { segment: SegmentWriter; bytes: number; cancel: () => void } | undefined;
  let acknowledged: Promise<unknown> = Promise.resolve();

  async function begin() {
    const segment = await publisher.open();
    current = { segment, bytes: 0, cancel: clock.after(segmentMs, finish) };
    return current;
  }

  function finish(): void {
    if (!current) return;
    const { segment, cancel } = current;
    current = undefined;
    cancel();
    acknowledged = Promise.all([acknowledged, segment.end()]);
    // It is awaited at the next segment's end; until then a failure is no unhandled rejection.
    acknowledged.catch(() => {});
  }

  return {
    async write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const into = current ?? (await begin());
        const part = chunk.subarray(at, at + segmentBytes - into.bytes);
        at += part.length;
        into.bytes += part.length;
        if (!into.segment.write(part)) await into.segment.drained();
        if (into.bytes < segmentBytes) continue;
        // One segment may be unacknowledged while the next is written, no more: what is in flight stays bounded.
        await acknowledged;
        finish();
      }
    },
    async end() {
      finish();
      await acknowledged;
    },
  };
}
