/** Telemetry as lines on stderr, for a runner that has no network. PROTOCOL.md section 8.7. */
import { STDERR_ERROR, STDERR_LINE_BYTES, STDERR_TELEMETRY } from '@runnel/protocol';
import { telemetryLine } from './channel.ts';
import type { Outlet } from './drain.ts';
import { textOf } from './text.ts';

/** Takes text for stderr, whole lines at a time. */
export type WriteStderr = (text: string) => void;

/** Most bytes of a message's JSON. */
export const STDERR_MESSAGE_BYTES = STDERR_LINE_BYTES - STDERR_TELEMETRY.length - 1;
/** Most bytes of an envelope: what is left of a line beside the longest `seq`. */
export const STDERR_EVENT_BYTES =
  STDERR_MESSAGE_BYTES - telemetryLine('0'.repeat(8), Number.MAX_SAFE_INTEGER, '').length;

export interface StderrOutletOptions {
  readonly write: WriteStderr;
  readonly epoch: string;
  /** The line that comes first. */
  readonly ready: () => string;
}

/** An outlet that is always open. A line that `write` throws at is counted as not written. */
export function stderrOutlet({ write, epoch, ready }: StderrOutletOptions): Outlet {
  let begun = false;
  return {
    open: async () => {
      if (!begun) writeLines(write, [ready()]);
      begun = true;
    },
    close: () => Promise.resolve(),
    async send({ messages, losses, events }) {
      const others = losses === undefined ? messages : [...messages, losses];
      const lines = [...others, ...events.map(({ seq, json }) => telemetryLine(epoch, seq, json))];
      return writeLines(write, lines);
    },
  };
}

/** Says what could not be written. Never throws: the event is counted in any case. */
export function sayUnwritten(write: WriteStderr, reason: string, type: string): void {
  put(write, `${STDERR_ERROR} ${reason}: ${oneLine(textOf(type)).slice(0, 200)}\n`);
}

/** Writes a log line as ordinary output that cannot be taken for telemetry. Never throws. */
export function sayOrdinary(write: WriteStderr, line: string): void {
  put(write, `${line.replace(/^TELEMETRY/gm, ' TELEMETRY')}\n`);
}

/** Writes each line by itself, since only that much stays in one piece; returns how many left. */
export function writeLines(write: WriteStderr, lines: readonly string[]): number {
  return lines.filter((line) => put(write, `${STDERR_TELEMETRY}${line}\n`)).length;
}

/** Makes the function that writes to the process's stderr, and throws once that has broken. */
export function processStderr(): WriteStderr {
  const { stderr } = process;
  let broken: Error | undefined;
  return (text) => {
    if (broken) throw broken;
    stderr.write(text, (error) => {
      broken ??= error ?? undefined;
      // Node tells of a reader that has gone by an event, and one that nobody listens to ends the process.
      if (error && stderr.listenerCount('error') === 0) stderr.once('error', () => {});
    });
  };
}

function put(write: WriteStderr, text: string): boolean {
  try {
    write(text);
    return true;
  } catch {
    // Nobody reads any more; whoever can count it does.
    return false;
  }
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ');
