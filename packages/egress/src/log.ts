/** A sink for people: one line of text an event, EGRESS 1.17. */
import { once } from 'node:events';
import { type Envelope, type Sink, unlessAborted } from '@runnel/protocol';
import { readEvent } from './event.ts';

export interface LogSinkOptions {
  /** Default `log`. */
  readonly name?: string;
  /** Takes one line, without a line feed; a promise that it returns is waited for. Default: standard output, waited for when it is full. */
  readonly write?: (line: string) => unknown;
}

/**
 * Writes `TELEMETRY type=… id=… session=… connection=… relayed_via=…` for each envelope and acknowledges when all are written. What an event does not say is `-`.
 * A value that is not one plain word is quoted and escaped as in JSON, and cut at 128 characters, so that no event can make up a line of its own.
 */
export function logSink({ name = 'log', write = standardOutput }: LogSinkOptions = {}): Sink {
  return {
    name,
    traits: { order: 'all' },
    async send(batch, signal) {
      for (const envelope of batch) {
        signal.throwIfAborted();
        const written = write(line(envelope));
        if (written instanceof Promise) await unlessAborted(written, signal);
      }
    },
    async close() {},
  };
}

/** Writes a line to standard output; a promise, to be waited for, when that is full. */
export function standardOutput(text: string): undefined | Promise<void> {
  if (process.stdout.write(`${text}\n`)) return undefined;
  return once(process.stdout, 'drain').then(() => undefined);
}

const mostCharacters = 128;

function line(envelope: Envelope): string {
  // A sink may be handed anything; what cannot be read is still worth a line.
  const event = readEvent(envelope.bytes);
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
