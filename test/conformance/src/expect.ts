/** What a case expects, said in one line, and what came, put so that the difference can be read. */
import { Header } from '@runnel/protocol';
import { Mismatch } from './mismatch.ts';
import { type Answer, field, type Head } from './wire/fields.ts';

/** The value of a field: itself, a pattern, `true` for "there", `null` for "not there". */
type Value = string | number | RegExp | true | null;

/** The fields cases look at, by short names. */
const FIELDS = {
  seq: Header.seq,
  latest: Header.latest,
  closed: Header.closed,
  epoch: Header.epoch,
  size: Header.size,
  skipped: Header.skipped,
  aborted: Header.aborted,
  type: 'Content-Type',
  length: 'Content-Length',
  transfer: 'Transfer-Encoding',
  trailer: 'Trailer',
  connection: 'Connection',
  allow: 'Allow',
  retryAfter: 'Retry-After',
  sniff: 'X-Content-Type-Options',
} as const;

type FieldName = keyof typeof FIELDS;

/** Fields of the connection or of the framing: they mean something only on a socket. */
const FRAMING: ReadonlySet<FieldName> = new Set(['length', 'transfer', 'trailer', 'connection']);

export type Expected = { readonly [name in FieldName]?: Value } & {
  readonly body?: string | RegExp;
  /** The trailer fields, by their wire names. */
  readonly trailers?: Readonly<Record<string, string>>;
};

/** Checks the status and the fields that are named; returns the answer, so that a case can go on with it. */
export function answers<A extends Head | Answer>(came: A, status: number, expected: Expected = {}): A {
  const framed = !('framed' in came) || came.framed;
  const wanted: string[] = [];
  const got: string[] = [];
  if (came.status !== status) note(String(status), String(came.status));
  for (const [name, value] of Object.entries(expected)) {
    if (!framed && (FRAMING.has(name as FieldName) || name === 'trailers')) continue;
    const actual = actualOf(came, name);
    if (!matches(value, actual)) note(`${name} ${show(value)}`, `${name} ${show(actual ?? null)}`);
  }
  if (wanted.length > 0) throw new Mismatch(wanted.join(', '), `${got.join(', ')}${restOf(came)}`);
  return came;

  function note(want: string, have: string): void {
    wanted.push(want);
    got.push(have);
  }
}

/** Checks that two plain values are the same. */
export function same(what: string, came: unknown, expected: unknown): void {
  const [is, wanted] = [JSON.stringify(came), JSON.stringify(expected)];
  if (is !== wanted) throw new Mismatch(`${what} ${wanted}`, `${what} ${is}`);
}

/** Checks something that is true or false. */
export function holds(what: string, is: boolean, came: unknown): void {
  if (!is) throw new Mismatch(what, String(came));
}

/** The value of a field that must be there. */
export function must(head: Head, name: FieldName): string {
  const value = field(head, FIELDS[name]);
  if (value === undefined) throw new Mismatch(`a field ${FIELDS[name]}`, 'none');
  return value;
}

type Actual = string | Readonly<Record<string, string>> | undefined;

function actualOf(came: Head | Answer, name: string): Actual {
  if (name === 'body') return 'body' in came ? came.body.toString() : undefined;
  if (name === 'trailers') return 'trailers' in came ? Object.fromEntries(came.trailers) : {};
  return field(came, FIELDS[name as FieldName]);
}

function matches(expected: unknown, actual: Actual): boolean {
  if (expected === null) return actual === undefined;
  if (expected === true) return actual !== undefined;
  if (actual === undefined) return false;
  if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
  if (typeof expected === 'object') return JSON.stringify(lowered(expected)) === JSON.stringify(actual);
  return actual === String(expected);
}

function lowered(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}

function show(value: unknown): string {
  if (value === null) return 'absent';
  if (value === true) return 'present';
  if (value instanceof RegExp) return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `"${text.slice(0, 60)}…" (${text.length} characters)` : `"${text}"`;
}

/** What else tells a person why: the status and text of an answer that should have been another. */
function restOf(came: Head | Answer): string {
  const text = 'body' in came && came.body.length < 100 ? came.body.toString().trim() : '';
  return text === '' ? ` (of a ${came.status})` : ` (of a ${came.status} "${text}")`;
}
