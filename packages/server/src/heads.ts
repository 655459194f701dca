/** Every answer of PROTOCOL.md section 3, as data: status, headers, text. */
import { Header, Reason, Status, TERMINATED } from '@runnel/protocol';
import type { Channel } from './channel.ts';
import type { Reader } from './reader.ts';
import type { Ending, Segment } from './segment.ts';

export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Whether the body may end with {@link TRAILER}. */
  readonly trailers?: boolean;
}

export const TRAILER = { [Header.aborted]: '1' };

const CLOSE = { Connection: 'close' };
const CLOSED = { [Header.closed]: TERMINATED };
const NO_BODY = { 'Content-Length': '0' };

function plain(status: number, line: string, headers: Record<string, string> = {}): Head {
  const text = `${line}\n`;
  return {
    status,
    text,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': String(Buffer.byteLength(text)),
      ...headers,
    },
  };
}

/** What tells a client where it is: the head, and which life of the channel it belongs to. */
function position(channel: Channel): Record<string, string> {
  return { [Header.latest]: String(channel.head), [Header.epoch]: channel.epoch };
}

const seqOf = (seq: number) => ({ [Header.seq]: String(seq) });

export const invalidName = plain(Status.badRequest, Reason.invalidName);
export const invalidMediaType = plain(Status.badRequest, Reason.invalidMediaType);
export const invalidSeq = plain(Status.badRequest, Reason.invalidIdx);
export const streamNotFound = plain(Status.notFound, Reason.streamNotFound);
export const pageNotFound = plain(Status.notFound, Reason.pageNotFound);
export const invalidStream = plain(Status.badRequest, Reason.invalidStream);
export const nonexistentSegment = plain(Status.badRequest, Reason.nonexistentSegment);
export const reservedName = plain(Status.reserved, Reason.reservedName);
export const tooManyChannels = plain(Status.unavailable, Reason.tooManyChannels, { 'Retry-After': '1' });
export const tooManyReaders = plain(Status.unavailable, Reason.tooManyReaders, { 'Retry-After': '1' });
export const failed = plain(Status.failed, Reason.failed);
export const stopping = plain(Status.unavailable, Reason.stopping, { 'Retry-After': '1', ...CLOSE });
export const segmentTooLarge = plain(Status.tooLarge, Reason.segmentTooLarge, CLOSE);
export const eventTooLarge = plain(Status.tooLarge, Reason.eventTooLarge, CLOSE);
/** To a segment POST: the channel was closed a moment ago. */
export const streamEnded = plain(Status.notFound, Reason.streamNotFound, { ...CLOSED, ...CLOSE });

/** The same answer, to a POST whose body is not read. */
export const closing = (head: Head): Head => ({ ...head, headers: { ...head.headers, ...CLOSE } });

export const refused = (status: number, text: string): Head => plain(status, text);

export const methodNotAllowed = (allow: string): Head =>
  plain(Status.methodNotAllowed, Reason.methodNotAllowed, { Allow: allow });

/** 3.1, 3.6, 3.7: done, nothing more to say. */
export const done = (channel?: Channel): Head => ({
  status: Status.ok,
  headers: { ...NO_BODY, ...(channel ? position(channel) : {}) },
});

/** 3.3 */
export function next(channel: Channel): Head {
  const text = String(channel.head);
  return {
    status: Status.ok,
    text,
    headers: {
      'Content-Type': 'text/plain',
      'Content-Length': String(text.length),
      ...position(channel),
      ...(channel.closed ? CLOSED : {}),
    },
  };
}

/** 3.2: the body has ended. */
export const acknowledged = (channel: Channel, seq: number): Head => ({
  status: Status.ok,
  headers: { ...NO_BODY, ...seqOf(seq), ...position(channel) },
});

/** 3.2: the segment is finished or gone. */
export const conflict = (channel: Channel): Head =>
  plain(Status.conflict, Reason.segmentClosed, { ...position(channel), ...CLOSE });

/** 3.2: the segment was ended under the writer. */
export function writerCutOff(channel: Channel, seq: number, ending: Ending): Head {
  if (ending === 'stop') return stopping;
  if (ending === 'segment_too_large') return segmentTooLarge;
  if (ending === 'event_too_large') return eventTooLarge;
  const { status, headers } = acknowledged(channel, seq);
  return { status, headers: { ...headers, ...(ending === 'channel' ? CLOSED : {}), ...CLOSE } };
}

/** 3.4: not in the window. `seq` is the number as asked. */
export const outside = (channel: Channel, seq: number): Head =>
  plain(Status.notInWindow, Reason.entryNotFound, { ...seqOf(seq), ...position(channel) });

/** 3.4: at or after the head of a channel that has closed. */
export const ended = (channel: Channel, seq: number): Head => empty(channel, seq, channel.head, CLOSED);

/** 3.4: jumped over, and released. */
export const skipped = (channel: Channel, seq: number): Head =>
  empty(channel, seq, channel.head, { [Header.skipped]: '1' });

/** 3.5: a GET would wait. */
export const waits = (channel: Channel, seq: number): Head => empty(channel, seq, channel.head);

/** 3.5: what is known of a segment. */
export function known(channel: Channel, segment: Segment): Head {
  if (!segment.finished) return segment.bytes > 0 ? live(channel, segment, channel.head) : waits(channel, segment.seq);
  return finished(channel, segment, channel.head);
}

/** 3.4: the head of a reader's answer, at its first byte or at the end of its segment. */
export function segmentHead({ channel, segment, latest }: Reader): Head {
  return segment.finished ? finished(channel, segment, latest) : live(channel, segment, latest);
}

function live(channel: Channel, segment: Segment, latest: number | undefined): Head {
  return {
    status: Status.ok,
    trailers: true,
    headers: {
      'Content-Type': channel.mime,
      ...seqOf(segment.seq),
      ...latestOf(latest),
      [Header.epoch]: channel.epoch,
    },
  };
}

function finished(channel: Channel, segment: Segment, latest: number | undefined): Head {
  if (segment.bytes === 0) return emptySegment(channel, segment, latest ?? channel.head);
  const bytes = String(segment.bytes);
  return {
    status: Status.ok,
    headers: {
      'Content-Type': channel.mime,
      'Content-Length': bytes,
      [Header.size]: bytes,
      ...seqOf(segment.seq),
      ...latestOf(latest),
      [Header.epoch]: channel.epoch,
      ...(segment.state === 'aborted' ? TRAILER : {}),
    },
  };
}

function emptySegment(channel: Channel, segment: Segment, latest: number): Head {
  if (segment.ending === 'stop') return stopping;
  if (segment.ending === 'restart') return outside(channel, segment.seq);
  if (segment.ending === 'channel') return empty(channel, segment.seq, latest, CLOSED);
  if (segment.state === 'skipped') return empty(channel, segment.seq, latest, { [Header.skipped]: '1' });
  return empty(channel, segment.seq, latest, { [Header.size]: '0' });
}

function empty(channel: Channel, seq: number, latest: number, more: Record<string, string> = {}): Head {
  return {
    status: Status.ok,
    headers: { ...NO_BODY, ...seqOf(seq), [Header.latest]: String(latest), [Header.epoch]: channel.epoch, ...more },
  };
}

const latestOf = (latest: number | undefined) => (latest === undefined ? {} : { [Header.latest]: String(latest) });
