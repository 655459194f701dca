/** The words of the wire: header names, statuses, media types and limits. PROTOCOL.md sections 2, 4.7, 6 and 7. No other file spells them. */

/** Header names, in the spelling the wire uses. PROTOCOL.md section 6. */
export const Header = {
  expectContent: 'Expect-Content',
  reset: 'Lp-Trickle-Reset',
  seq: 'Lp-Trickle-Seq',
  latest: 'Lp-Trickle-Latest',
  closed: 'Lp-Trickle-Closed',
  epoch: 'Lp-Trickle-Epoch',
  size: 'Lp-Trickle-Size',
  skipped: 'Lp-Trickle-Skipped',
  aborted: 'Lp-Trickle-Aborted',
} as const;

/** The value of `Lp-Trickle-Closed`. Clients test for presence only. */
export const TERMINATED = 'terminated';

/** Statuses with a meaning of their own in trickle. PROTOCOL.md section 3. */
export const Status = {
  ok: 200,
  badRequest: 400,
  reserved: 403,
  notFound: 404,
  methodNotAllowed: 405,
  conflict: 409,
  tooLarge: 413,
  /** The seq has left the window or is ahead of the head; `Lp-Trickle-Latest` says where the head is. */
  notInWindow: 470,
  failed: 500,
  unavailable: 503,
} as const;

/** The bodies of error answers, without their LF. PROTOCOL.md section 3. */
export const Reason = {
  streamNotFound: 'Stream not found',
  entryNotFound: 'Entry not found',
  invalidIdx: 'Invalid idx',
  invalidName: 'Invalid name',
  invalidMediaType: 'Invalid media type',
  invalidStream: 'Invalid stream',
  nonexistentSegment: 'Nonexistent segment',
  segmentClosed: 'Segment is closed',
  segmentTooLarge: 'Segment too large',
  eventTooLarge: 'Event too large',
  reservedName: 'Reserved name',
  tooManyChannels: 'Too many channels',
  tooManyReaders: 'Too many readers',
  stopping: 'Server is stopping',
  methodNotAllowed: 'Method not allowed',
  pageNotFound: 'Page not found',
  failed: 'Server error',
} as const;

/** The name of the changefeed's channel. PROTOCOL.md section 5. */
export const CHANGES = '_changes';

/** The path part of the listing. PROTOCOL.md section 3.8. */
export const CHANNELS = '_channels';

/** The path part that asks for the head. PROTOCOL.md section 3.3. */
export const NEXT = 'next';

/** Most bytes of one line of a JSONL channel, its LF included: 5 MiB. PROTOCOL.md section 7.2. */
export const EVENT_CAP_BYTES = 5_242_880;

/** A JSONL writer opens a new segment before a line that would take this one over so many bytes. PROTOCOL.md section 7.2. */
export const ROLL_BYTES = 512 * 1024;

/** A JSONL writer ends a segment so many milliseconds after its first line. PROTOCOL.md section 7.2. */
export const ROLL_MS = 10_000;

/** Lines longer than this end the stream of a stock Python reader; writers count them. PROTOCOL.md section 7.2. */
export const STOCK_READER_BYTES = 1_048_576;

/** The media type of a JSONL channel as our writers name it. */
export const JSONL = 'application/jsonl';

const jsonlTypes = new Set([JSONL, 'application/x-ndjson', 'application/json']);

/** Whether a media type is that of a JSONL channel; parameters and case are ignored. PROTOCOL.md section 7.1. */
export function isJsonl(mediaType: string): boolean {
  return jsonlTypes.has((mediaType.split(';', 1)[0] ?? '').trim().toLowerCase());
}
