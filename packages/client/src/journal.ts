/**
 * Where envelopes wait between the session that read them and the sinks that get them, with one cursor a sink. This is the seam of the durable
 * journal: what is behind it may be memory or a file, and nobody in front of it notices. HOUSE: the byte's path, step 12.
 */
import type { Envelope } from '@runnel/protocol';
import type { Position } from './position.ts';

export interface Journal {
  /** Where to go on reading a session, or undefined if it was never read. */
  position(session: string): Position | undefined;
  /**
   * Takes envelopes, in order, together with the position behind them: both or neither. A session waits for it before it reads on. It never
   * fails: a journal that cannot keep what it gets hands it on all the same, and counts what it had to drop.
   */
  append(session: string, envelopes: readonly Envelope[], position: Position): void | Promise<void>;
  /** The cursor of the sink of that name. Each sink gets every envelope. */
  cursor(sink: string): Cursor;
  /** Lets go of what it holds. What can not be read again after a restart is counted as dropped, `shutdown`. */
  close(): Promise<void>;
}

/** One sink's way through the journal. It only moves forward, and only by what is settled: nothing is ever put back. */
export interface Cursor {
  /** The next envelopes, oldest first, at most so many and so many bytes (one larger goes alone); the same again until they are settled. Empty if there are none. */
  next(maxEnvelopes: number, maxBytes: number): readonly Envelope[];
  /** What `next` gave last is dealt with: delivered, but for `refused` of them. */
  settle(refused: number): void;
  readonly books: CursorBooks;
}

/** `in = out + pending + dropped`. */
export interface CursorBooks {
  readonly in: number;
  readonly out: number;
  readonly pending: number;
  /** `overflow`: the oldest had to make room. `refused`: the sink will never take them. `shutdown`: not delivered when the journal closed, and not kept. */
  readonly dropped: { readonly overflow: number; readonly refused: number; readonly shutdown: number };
}
