/** Statistics: taken in, flushed every 30 s, and the workers that nobody needs reaped. EGRESS 3.12 to 3.16. */
import type { Clock } from '@runnel/protocol';
import type { Figures } from './figures.ts';
import type { OperationsQueue } from './operations-queue.ts';
import type { Emit } from './outlet.ts';
import { badCounter } from './preset.ts';
import type { TelemetryService } from './service.ts';
import type { CoalescedStat } from './stats-worker.ts';
import type { StatsWorkers } from './stats-workers.ts';
import type { Tally } from './tally.ts';
import { trackPreset } from './track-stat.ts';

export type StatDropReason = 'unknown_worker' | 'bad_counter' | 'overflow';

interface Parts {
  readonly emit: Emit;
  readonly operations: OperationsQueue;
  readonly workers: StatsWorkers;
  readonly figures: Figures;
  readonly dropped: Tally<StatDropReason>;
  readonly clock: Clock;
  readonly onWarning: (message: string) => void;
}

/** Most tracks in one event, so that it stays below the 64 KiB that a runner takes. */
const TRACKS_AN_EVENT = 50;

interface StatsCalls extends Pick<TelemetryService, 'trackStats' | 'flushStats'> {
  /** For the end, when no operation runs any more. */
  flushNow(): void;
}

export function statsCalls(parts: Parts): StatsCalls {
  const { emit, operations, workers, figures, dropped, clock, onWarning } = parts;

  function send(stats: readonly CoalescedStat[]): void {
    const [{ roomId, roomName, participantId } = {}] = stats;
    for (let at = 0; at < stats.length; at += TRACKS_AN_EVENT) {
      const some = stats.slice(at, at + TRACKS_AN_EVENT);
      emit('STATS', { room_id: roomId, room_name: roomName, participant_id: participantId, stats: some });
    }
  }

  const flushNow = () => workers.flush(clock.wall(), send);
  /** An operation of its own, behind what came while the flush was sending: no sample falls between flush and removal. */
  const reap = () => workers.reap(clock.now(), clock.wall(), send);

  return {
    flushNow,
    trackStats(roomId, _roomName, key, given) {
      const stat = { ...given };
      operations.enqueue(() => {
        const bad = badCounter(stat, key.preset ?? trackPreset);
        if (bad !== undefined) {
          dropped.add('bad_counter');
          onWarning(`a sample of track ${key.trackId} is left out: ${bad} is no count`);
          return;
        }
        if (key.preset === undefined) figures.record(key, stat);
        const worker = workers.find(roomId, key.participantId);
        if (worker === undefined) dropped.add('unknown_worker');
        else if (!worker.add(key, stat)) dropped.add('overflow');
      });
    },
    flushStats() {
      return new Promise((resolve) => {
        const queued = operations.enqueue(() => {
          flushNow();
          operations.enqueue(reap);
          resolve();
        });
        // The samples wait in their workers for the next flush.
        if (!queued) resolve();
      });
    },
  };
}
