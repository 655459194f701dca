/** What a sink refused for ever, as it is kept. */
import { type Row, readRow } from './row.ts';
import type { Store } from './store.ts';

export interface DeadLetter extends Row {
  /** Its own number: an envelope may die of several sinks. */
  readonly entry: number;
  readonly sink: string;
  readonly reason: string;
  /** What the destination answered. */
  readonly status: number | undefined;
  readonly response: string | undefined;
  /** When it was refused, in milliseconds since 1970. */
  readonly at: number;
}

export interface DeadPage {
  /** Dead letters of the sink. */
  readonly total: number;
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  /** `before` of the next page; undefined on the last. */
  readonly next: number | undefined;
}

/** Events of a page, beyond which it ends. */
const PAGE_BYTES = 1024 * 1024;

/** Those before entry `before` (default: the newest), at most `limit`, fewer where they are large. */
export function deadPage(store: Store, sink: string, before: number | undefined, limit: number): DeadPage {
  const total = Number(store.statements.countDeadOf.get(sink)?.count);
  const letters: DeadLetter[] = [];
  let bytes = 0;
  let last: number | undefined;
  for (const row of store.statements.deadBefore.iterate(sink, before ?? Number.MAX_SAFE_INTEGER)) {
    const letter = readDead(row);
    bytes += letter?.envelope.bytes.length ?? 0;
    if (letters.length === limit || (letters.length > 0 && bytes > PAGE_BYTES)) return { total, letters, next: last };
    if (letter) letters.push(letter);
    last = Number(row.entry);
  }
  return { total, letters, next: undefined };
}

/** Undefined if a damaged file gave something that was never written. */
export function readDead(row: Readonly<Record<string, unknown>>): DeadLetter | undefined {
  const found = readRow(row);
  if (!found) return undefined;
  const { entry, sink, reason, status, response, at } = row;
  return {
    ...found,
    entry: Number(entry),
    sink: String(sink),
    reason: String(reason),
    status: status === null ? undefined : Number(status),
    response: response === null ? undefined : String(response),
    at: Number(at),
  };
}
