/** Local mode: envelopes go to a sink in the same process, without a channel. EGRESS 1.8 and 1.9. */
import type { Clock, Envelope, Sink } from '@runnel/protocol';
import type { Outlet } from './drain.ts';
import type { BuiltEvent } from './telemetry.ts';

/** How long a sink may take for a batch before it is asked to give up. */
const SEND_MS = 30_000;

const encoder = new TextEncoder();

/**
 * An outlet that hands events to `sink`, one batch at a time and none larger than the sink's `maxBatch`. What the sink does not take is
 * dropped: nothing is retried here, and rates are not kept; a relay does both. A sink that never settles holds up one batch, and behind it
 * the ring drops the oldest. The sink stays its maker's to close.
 */
export function sinkOutlet(sink: Sink, session: string, clock: Clock): Outlet {
  return {
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async send({ losses, events, recalled }, stopped) {
      const signal = AbortSignal.any([stopped, recalled]);
      const envelopes = events.map((event) => toEnvelope(event, session, clock.wall()));
      const most = sink.traits?.maxBatch ?? 500;
      let left = losses === undefined ? 0 : 1;
      for (let at = 0; at < envelopes.length && !signal.aborted; at += most) {
        left += await hand(sink, envelopes.slice(at, at + most), clock, signal);
      }
      return left;
    },
  };
}

/** Resolves to how many envelopes the sink acknowledged. */
async function hand(sink: Sink, batch: readonly Envelope[], clock: Clock, signal: AbortSignal): Promise<number> {
  const patience = new AbortController();
  const cancel = clock.after(SEND_MS, () => patience.abort());
  try {
    const report = await sink.send(batch, AbortSignal.any([signal, patience.signal]));
    return batch.length - (report?.refused?.length ?? 0) - (report?.retry?.length ?? 0);
  } catch {
    // What a sink throws is its own affair; here it means that nothing arrived, and that is counted.
    return 0;
  } finally {
    cancel();
  }
}

function toEnvelope(event: BuiltEvent, session: string, receivedAt: number): Envelope {
  return { id: event.id, bytes: encoder.encode(event.json), session, relayedVia: 'local', receivedAt };
}
