/** All stats workers, by room and participant. EGRESS 3.5 to 3.14. */
import type { Participant, Room } from './records.ts';
import { ReferenceGuard } from './reference-guard.ts';
import { type CoalescedStat, StatsWorker } from './stats-worker.ts';

/** Most workers at once, those that wait for their last statistics among them. */
const MOST_WORKERS = 100_000;

export class StatsWorkers {
  /** The worker that a participant's calls go to. */
  readonly #current = new Map<string, StatsWorker>();
  /** These, and those that were replaced and are not reaped yet. */
  readonly #all = new Set<StatsWorker>();
  /** Stands for every caller that brought none. */
  readonly #anyone = new WeakMap<StatsWorker, ReferenceGuard>();

  get size(): number {
    return this.#all.size;
  }

  find(roomId: string, participantId: string): StatsWorker | undefined {
    return this.#current.get(keyOf(roomId, participantId));
  }

  /** The open worker of a participant, made if there is none; undefined if there are too many. A new one inherits whether the closed one was connected. */
  open(
    room: Room,
    participant: Participant,
    guard?: ReferenceGuard,
  ): { worker: StatsWorker; isNew: boolean } | undefined {
    const before = this.find(room.sid, participant.sid);
    if (before && !before.closed(guard ?? this.#guardOf(before))) return { worker: before, isNew: false };
    if (this.#all.size >= MOST_WORKERS) return undefined;
    const first = guard ?? new ReferenceGuard();
    const worker = new StatsWorker(room, participant, first);
    if (!guard) this.#anyone.set(worker, first);
    worker.isConnected = before?.isConnected ?? false;
    this.#current.set(keyOf(room.sid, participant.sid), worker);
    this.#all.add(worker);
    return { worker, isNew: true };
  }

  /** Releases `guard`; true if that closed the worker. */
  close(worker: StatsWorker, guard: ReferenceGuard | undefined, now: number): boolean {
    return worker.close(guard ?? this.#guardOf(worker), now);
  }

  /** Calls `send` once for each worker that has something. */
  flush(wallMs: number, send: (stats: readonly CoalescedStat[]) => void): void {
    for (const worker of [...this.#all]) flushOne(worker, wallMs, send);
  }

  /** Removes the workers that expired, each after a last flush. */
  reap(now: number, wallMs: number, send: (stats: readonly CoalescedStat[]) => void): void {
    for (const worker of [...this.#all]) {
      if (!worker.expired(now)) continue;
      flushOne(worker, wallMs, send);
      this.#all.delete(worker);
      const key = keyOf(worker.room.sid, worker.participant.sid);
      if (this.#current.get(key) === worker) this.#current.delete(key);
    }
  }

  #guardOf(worker: StatsWorker): ReferenceGuard {
    const guard = this.#anyone.get(worker) ?? new ReferenceGuard();
    this.#anyone.set(worker, guard);
    return guard;
  }
}

function flushOne(worker: StatsWorker, wallMs: number, send: (stats: readonly CoalescedStat[]) => void): void {
  const stats = worker.flush(wallMs);
  if (stats.length > 0) send(stats);
}

const keyOf = (roomId: string, participantId: string) => JSON.stringify([roomId, participantId]);
