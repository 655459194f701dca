/** An event's envelope: built once, here, and forwarded byte for byte from then on. PROTOCOL.md section 8.3. */
import { TrickleError } from '@runnel/protocol';
import type { Capture } from './capture-ring.ts';
import { describeError } from './guard.ts';
import { hasStreamForm, streamForm } from './stream-form.ts';
import { textOf } from './text.ts';

/** What is the same for all events of a session. Members without a value are left out of the envelope. */
export interface Identity {
  readonly session: string;
  readonly clientSource: string;
  readonly context: Context;
}

/** Optional members of every envelope, by their names on the wire. An event's own data may replace them, or leave one out with null. */
export interface Context {
  readonly connection_id?: string | undefined;
  readonly pipeline_ids?: readonly string[] | undefined;
  readonly user_id?: string | undefined;
  readonly connection_info?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Makes the function that writes a captured event as the JSON of its envelope. The session's part is serialised here, once; an event costs
 * one `JSON.stringify` of its data.
 *
 * The function throws if the data cannot be serialised: a cycle, a `toJSON` or getter that throws. BigInts become decimal strings, NaN and the
 * infinities null. `onRefused` is called for each field that would have overwritten `type`, `client_source` or `timestamp`.
 */
export function envelopeWriter(identity: Identity, onRefused: () => void): (capture: Capture, id: string) => string {
  const defaults = { session_id: identity.session, ...identity.context };
  const fixed = serialiseContext(defaults);
  const headOf = headWriter(JSON.stringify(identity.clientSource));
  return (capture, id) => {
    const head = `{"id":"${id}"${headOf(capture)}`;
    if (capture.data === undefined) return `${head}${fixed}}}`;
    const own = hasStreamForm(capture.data) ? streamForm(capture.data, capture.at) : capture.data;
    if (!namesKnownMember(own)) return `${head}${fixed}${innerJson(own)}}}`;
    return `${head}${mergedMembers(own, defaults, onRefused)}}}`;
  };
}

/** Writes what stands between the id and the session's part. The last one is kept: most events of a batch share type and millisecond. */
function headWriter(source: string): (capture: Capture) => string {
  let lastType: string | undefined;
  let lastAt = Number.NaN;
  let kept = '';
  return ({ type, at }) => {
    const ms = Math.floor(at);
    if (ms !== lastAt || type !== lastType) {
      const name = JSON.stringify(textOf(type));
      kept = `,"type":"stream_trace","timestamp":"${ms}","data":{"type":${name},"client_source":${source},"timestamp":"${ms}"`;
      lastType = type;
      lastAt = ms;
    }
    return kept;
  };
}

type Data = Readonly<Record<string, unknown>>;

function serialiseContext(defaults: Data): string {
  try {
    return innerJson(optionalMembers({}, defaults));
  } catch (cause) {
    throw new TrickleError('invalid', 'the context of a runner must be serialisable as JSON', { cause });
  }
}

/** Reads of named members, not a loop over names: this runs for every event, and nearly always finds nothing. */
function namesKnownMember(own: Data): boolean {
  return (
    own.type !== undefined ||
    own.client_source !== undefined ||
    own.timestamp !== undefined ||
    own.session_id !== undefined ||
    own.connection_id !== undefined ||
    own.pipeline_ids !== undefined ||
    own.user_id !== undefined ||
    own.error !== undefined ||
    own.connection_info !== undefined
  );
}

function mergedMembers(own: Data, defaults: Data, onRefused: () => void): string {
  const { type, client_source, timestamp, session_id, connection_id, pipeline_ids, user_id, ...others } = own;
  const { error, connection_info, ...rest } = others;
  for (const refused of [type, client_source, timestamp]) if (refused !== undefined) onRefused();
  const replaced = { session_id, connection_id, pipeline_ids, user_id, error, connection_info };
  // Two runs of the serialiser, since an object puts keys that look like integers before all others.
  return innerJson(optionalMembers(replaced, defaults)) + innerJson(rest);
}

/** The optional members in the order of the specification; empty ones are undefined, which JSON leaves out. */
function optionalMembers(own: Data, defaults: Data): Data {
  const pick = (name: string) => filled(own[name] === undefined ? defaults[name] : own[name]);
  return {
    session_id: pick('session_id'),
    connection_id: pick('connection_id'),
    pipeline_ids: pick('pipeline_ids'),
    user_id: pick('user_id'),
    error: pick('error'),
    connection_info: pick('connection_info'),
  };
}

function filled(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (value instanceof Error) return describeError(value);
  return typeof value === 'object' && Object.keys(value).length === 0 ? undefined : value;
}

/** The members of an object's JSON, each run with its comma before it, so that it can be spliced in. */
function innerJson(value: Data): string {
  const json = stringify(value);
  if (!json?.startsWith('{')) throw new TypeError('the data of an event must serialise to a JSON object');
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

function stringify(value: Data): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Most likely a BigInt. Only events that fail pay for the slow form; what it cannot write either is the caller's to see.
    return JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? member.toString() : member));
  }
}
