/** What the channels of one server share. */
import { Attendance } from './attendance.ts';
import { type Counters, createCounters } from './counters.ts';
import { DueQueue } from './due-queue.ts';
import type { Jump } from './holes.ts';
import { Ledger } from './ledger.ts';
import type { Limits, Settings } from './options.ts';
import type { Segment } from './segment.ts';
import type { Writer } from './writer.ts';

export interface Core {
  readonly clock: Settings['clock'];
  readonly limits: Limits;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly readers: Attendance;
  /** Early answers whose connections are still open for the client to read them. */
  readonly farewells: Attendance;
  /** Finished segments younger than the keep time. */
  readonly aging: DueQueue<Segment>;
  /** Jumps whose holes are not released yet. */
  readonly jumps: DueQueue<Jump>;
  /** POSTs without a byte: until the first provisional answer, then between two of them. */
  readonly provisional: DueQueue<Writer>;
  readonly stillProvisional: DueQueue<Writer>;
}

/** After an early answer a connection stays open so long: closed at once, a reset could overtake the answer. PROTOCOL.md section 3.2. */
export const LAST_WORDS_MS = 500;

const FIRST_PROVISIONAL_MS = 10_000;
const PROVISIONAL_MS = 25_000;

export function createCore({ clock, limits }: Settings): Core {
  const counters = createCounters();
  return {
    clock,
    limits,
    counters,
    ledger: new Ledger(clock, limits, counters),
    readers: new Attendance(),
    farewells: new Attendance(),
    aging: new DueQueue(clock, limits.keepMs, (segment) => segment.window?.age(segment)),
    jumps: new DueQueue(clock, limits.holeMs, (jump) => jump.due()),
    provisional: new DueQueue(clock, FIRST_PROVISIONAL_MS, (writer) => writer.provisional()),
    stillProvisional: new DueQueue(clock, PROVISIONAL_MS, (writer) => writer.provisional()),
  };
}

/** Notes status and duration where the head of an answer is written: middleware sees only that the handler returned. */
export function answered({ clock, counters }: Core, method: string, status: number, since: number): void {
  counters.answers.add(`${method} ${status}`);
  counters.answerMs.add(method, clock.now() - since);
}

/** Lets go of the timers. */
export function disposeCore({ ledger, aging, jumps, provisional, stillProvisional }: Core): void {
  ledger.dispose();
  for (const queue of [aging, jumps, provisional, stillProvisional]) queue.clear();
}
