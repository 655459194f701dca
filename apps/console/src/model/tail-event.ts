/** One line of an events channel, as the tail shows it. */
import type { JsonlLine } from '@runnel/pubsub/browser';
import { visible } from './text.ts';

export interface TailEvent {
  /** Counts up over the page's life. */
  readonly n: number;
  /** When it was emitted, as it says; else when it came. Milliseconds since 1970. */
  readonly at: number;
  /** The message's type: `telemetry`, `logs`, … */
  readonly kind: string;
  /** Of telemetry the event's own type, else the message's. */
  readonly type: string;
  /** The line. */
  readonly text: string;
  /** Something the page says itself, such as that segments are missing here. */
  readonly note?: string;
}

/** Stamps further than this from the viewer's clock are not believed. */
const FARTHEST_MS = 24 * 3_600_000;
const MOST_TYPE = 200;
const decoder = new TextDecoder();

export type Data = Readonly<Record<string, unknown>>;

/** The `data` of a telemetry line. */
export function dataOf({ event }: Data): Data | undefined {
  const data = isObject(event) ? event.data : undefined;
  return isObject(data) ? data : undefined;
}

export function tailEvent(n: number, { value, bytes }: JsonlLine, now: number): TailEvent {
  const kind = named(value.type) ?? 'no type';
  const data = dataOf(value);
  const type = (data && named(data.type)) ?? kind;
  return { n, at: stampOf(value, data, now), kind, type, text: decoder.decode(bytes) };
}

/** What a line has to say beside its type, in one line. */
export function summaryOf({ text, note }: TailEvent): string {
  if (note !== undefined) return note;
  // A long one is not parsed for a summary of its beginning.
  if (text.length > 20_000) return visible(text, 300);
  const value = JSON.parse(text, exact) as Data;
  const { type: _, client_source: _source, timestamp: _stamp, session_id: _session, ...rest } = dataOf(value) ?? value;
  return visible(
    Object.entries(rest)
      .map(([name, each]) => `${name}=${plain(each)}`)
      .join('  '),
    300,
  );
}

export function stampOf(value: Data, data: Data | undefined, now: number): number {
  const at = Number(data?.timestamp ?? value.timestamp);
  return Math.abs(at - now) < FARTHEST_MS ? at : now;
}

/** Integers too long for a number, such as stamps in nanoseconds, stay as they were written. */
const exact = (_: string, value: unknown, context?: { readonly source?: string }) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;

const plain = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const named = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, MOST_TYPE) : undefined);
export const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
