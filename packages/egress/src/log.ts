/** A sink for people: one line of text an event, EGRESS 1.17. */
import { once } from 'node:events';
import { type Envelope, type Sink, unlessAborted } from '@runnel/protocol';
import { readEvent } from './event.ts';

export interface LogSinkOptions {
  /** Default `log`. */
  readonly name?: string;
  /** Takes one line, without a line feed; a promise that it returns is waited for. Default: standard output, waited for when it is full. */
  readonly write?: (line: string) => unknown;
  /** Whether what the event measured follows at the end of its line, as JSON, cut at 512 characters. Default false. */
  readonly data?: boolean;
}

/**
 * Writes `TELEMETRY type=… id=… session=… connection=… relayed_via=…` for each envelope and acknowledges when all are written. What an event does not say is `-`.
 * A value that is not one plain word is quoted and escaped as in JSON, and cut at 128 characters, so that no event can make up a line of its own.
 */
export function logSink({ name = 'log', write = standardOutput, data = false }: LogSinkOptions = {}): Sink {
  return {
    name,
    traits: { order: 'all' },
    async send(batch, signal) {
      for (const envelope of batch) {
        signal.throwIfAborted();
        const written = write(line(envelope, data));
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
const mostOfData = 512;

function line(envelope: Envelope, withData: boolean): string {
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
  const words = Object.entries(fields).map(([name, value]) => `${name}=${word(value)}`);
  return ['TELEMETRY', ...words, ...(withData ? [measured(data)] : [])].join(' ');
}

/** What the event says beyond the words of its line. */
function measured({
  type,
  client_source,
  timestamp,
  session_id,
  connection_id,
  ...own
}: Record<string, unknown>): string {
  return `data=${cutAt(JSON.stringify(own), mostOfData).replace(unprintable, escaped)}`;
}

const cutAt = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);

function word(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '-';
  const cut = cutAt(String(value), mostCharacters);
  return /^[\p{L}\p{N}_.:/@+…-]+$/u.test(cut) ? cut : JSON.stringify(cut).replace(unprintable, escaped);
}

/** What JSON leaves as it is although a terminal or an editor may act on it: controls, line and paragraph separators, marks of direction. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
