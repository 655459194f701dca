/** Tells lines that came before from new ones. PROTOCOL.md section 8.5. */
import type { JsonlLine } from '@runnel/pubsub';
import type { EventLine } from './event-line.ts';
import { RecentIds } from './recent-ids.ts';
import type { Starts } from './starts.ts';

/** Longest epoch that is taken for one; ours have 8 characters. */
const MOST_EPOCH_CHARACTERS = 64;

/** By epoch and seq where a line has both, else by the id of its event. A line without any of them can not be told from another, and is new. */
export class Replays {
  readonly #starts: Starts;
  readonly #ids = new RecentIds();

  constructor(starts: Starts) {
    this.#starts = starts;
  }

  /** Whether the line, with the event `id`, came before. From now on it did. */
  has({ value, seq: segment, epoch: channelEpoch }: JsonlLine<EventLine>, id: string | undefined): boolean {
    const { epoch, seq } = value;
    if (isEpoch(epoch) && isSeq(seq)) return !this.#starts.receive(epoch, seq);
    return id !== undefined && this.#ids.seen(id, `${channelEpoch}/${segment}`);
  }
}

export function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_EPOCH_CHARACTERS;
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
