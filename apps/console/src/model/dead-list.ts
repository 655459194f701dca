/** The dead letters that are looked at: the newest page as it changes, and the older ones that were asked for. */
import type { DeadEntry, DeadPage } from './wire.ts';

export interface DeadList {
  readonly total: number;
  /** Newest first. */
  readonly letters: readonly DeadEntry[];
  /** `before` of the page that follows. */
  readonly next: number | undefined;
}

/** Each holds an event in full, so no more of them are kept. */
const MOST = 500;

/** The list with older letters at its end. */
export function withOlder({ letters }: DeadList, { total, letters: older, next }: DeadPage): DeadList {
  return bounded({ total, letters: [...letters, ...older], next });
}

/** The list with the newest page read again: what is below it stays, unless letters between are not known, or some have left. */
export function withNewest(known: DeadList | undefined, page: DeadPage): DeadList {
  const { total, letters, next } = page;
  const last = letters.at(-1)?.number ?? 0;
  const below = known?.letters.filter(({ number }) => number < last) ?? [];
  const adjoins = known?.letters.some(({ number }) => number >= last) ?? false;
  if (!known || !adjoins || below.length === 0 || total < known.total) return { total, letters, next };
  return bounded({ total, letters: [...letters, ...below], next: known.next });
}

function bounded({ total, letters, next }: DeadList): DeadList {
  const kept = letters.slice(0, MOST);
  return { total, letters: kept, next: kept.length < letters.length ? kept.at(-1)?.number : next };
}
