/** A sink for people: one line of text an event, EGRESS 1.17. */
import { once } from 'node:events';
import { type Envelope, isTelemetryEvent, type Sink, type TelemetryEvent } from '@runnel/protocol';

export interface LogSinkOptions {
  /** Takes one line, without a line feed. Default: standard output, which is waited for when it is full. */
  readonly write?: (line: string) => void | Promise<void>;
}

/**
 * Writes `TELEMETRY type=… id=… session=… connection=… relayed_via=…` for each envelope and acknowledges when all are written. What an event does not say is `-`.
 * A value that is not one plain word is quoted and escaped as in JSON, and cut at 128 characters, so that no event can make up a line of its own.
 */
export function logSink({ write = toStandardOutput }: LogSinkOptions = {}): Sink {
  return {
    name: 'log',
    async send(batch) {
      for (const envelope of batch) {
        const full = write(line(envelope));
        if (full) await full;
      }
    },
    async close() {},
  };
}

const decoder = new TextDecoder();
const mostCharacters = 128;

function line(envelope: Envelope): string {
  const event = parse(envelope);
  const data = event?.data ?? {};
  const fields = {
    type: data.type ?? event?.type,
    id: envelope.id,
    session: data.session_id ?? envelope.session,
    connection: data.connection_id,
    relayed_via: envelope.relayedVia,
  };
  return `TELEMETRY ${Object.entries(fields)
    .map(([name, value]) => `${name}=${word(value)}`)
    .join(' ')}`;
}

/** A sink may be handed anything; what cannot be read is still worth a line. */
function parse(envelope: Envelope): TelemetryEvent | undefined {
  try {
    const event: unknown = JSON.parse(decoder.decode(envelope.bytes));
    return isTelemetryEvent(event) ? event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function word(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '-';
  const text = String(value);
  const cut = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
  return /^[\p{L}\p{N}_.:/@+…-]+$/u.test(cut) ? cut : JSON.stringify(cut).replace(unprintable, escaped);
}

/** What JSON leaves as it is although a terminal or an editor may act on it: controls, line and paragraph separators, marks of direction. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

function toStandardOutput(text: string): undefined | Promise<void> {
  if (process.stdout.write(`${text}\n`)) return undefined;
  return once(process.stdout, 'drain').then(() => undefined);
}
