/** Telemetry as lines on stderr, for a runner that has no network. PROTOCOL.md section 8.7. */
import { STDERR_ERROR, STDERR_LINE_BYTES, STDERR_TELEMETRY } from '@runnel/protocol';
import { telemetryLine } from './channel.ts';
import type { Outlet } from './drain.ts';

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
  const put = (line: string): number => {
    try {
      write(`${STDERR_TELEMETRY}${line}\n`);
      return 1;
    } catch {
      // Nobody reads any more; the drain counts it.
      return 0;
    }
  };
  return {
    open: async () => {
      if (!begun) put(ready());
      begun = true;
    },
    close: () => Promise.resolve(),
    async send({ messages, losses, events }) {
      const others = losses === undefined ? messages : [...messages, losses];
      const lines = [...others, ...events.map(({ seq, json }) => telemetryLine(epoch, seq, json))];
      return lines.reduce((left, line) => left + put(line), 0);
    },
  };
}

/** Says what could not be written. */
export function sayUnwritten(write: WriteStderr, reason: string, type: string): void {
  write(`${STDERR_ERROR} ${reason}: ${oneLine(type).slice(0, 200)}\n`);
}

/** A log line as ordinary output that cannot be taken for telemetry. */
export function ordinary(line: string): string {
  return `${line.replace(/^TELEMETRY/gm, ' TELEMETRY')}\n`;
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ');
