/** A line of an events channel, read as far as its routing asks. PROTOCOL.md section 8.1. */
import { memberFinder, type Range, type TelemetryEvent } from '@runnel/protocol';

const find = memberFinder('type', 'epoch', 'seq', 'event', 'event.id', 'event.timestamp', 'event.data');

/** What is needed of each event. */
export interface FoundEvent {
  readonly id: string | undefined;
  readonly timestamp: unknown;
  /** As it was sent: a part of the line. */
  readonly bytes: Uint8Array;
}

/** Each member is read when it is asked for. */
export class EventLine {
  readonly #line: Buffer;
  readonly #found: NonNullable<ReturnType<typeof find>>;

  constructor(line: Buffer, found: NonNullable<ReturnType<typeof find>>) {
    this.#line = line;
    this.#found = found;
  }

  get type(): unknown {
    return read(this.#line, this.#found[0]);
  }

  get epoch(): unknown {
    return read(this.#line, this.#found[1]);
  }

  get seq(): unknown {
    return read(this.#line, this.#found[2]);
  }

  /** The event if it can be relayed, by the conditions of `isTelemetryEvent`. EGRESS 1.15. */
  get event(): FoundEvent | undefined {
    const line = this.#line;
    const [, , , event, id, timestamp, data] = this.#found;
    if (!event || !data || line[data.start] !== OPEN_OBJECT || (id && line[id.start] !== QUOTE)) return undefined;
    return {
      id: read(line, id) as string | undefined,
      timestamp: read(line, timestamp),
      bytes: line.subarray(event.start, event.end),
    };
  }

  /** The event and all that is in it; only where `event` is one. */
  get wholeEvent(): TelemetryEvent {
    return JSON.parse(textOf(this.#line, this.#found[3] as Range)) as TelemetryEvent;
  }

  /** The whole line. */
  get message(): Record<string, unknown> {
    return JSON.parse(this.#line.toString()) as Record<string, unknown>;
  }
}

/** Undefined if the line is no object of JSON: nothing of it is taken then, however good its beginning. */
export function readEventLine(line: Uint8Array): EventLine | undefined {
  const found = find(line);
  if (!found) return undefined;
  return new EventLine(Buffer.isBuffer(line) ? line : Buffer.from(line.buffer, line.byteOffset, line.length), found);
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
/** Strings that stand in their bytes as they are. */
const PLAIN = /^"[\x20-\x5b\x5d-\x7e]*"$/;
const NUMBER = /^\d+$/;

function read(line: Buffer, range: Range | undefined): unknown {
  if (!range) return undefined;
  const text = line.toString('latin1', range.start, range.end);
  if (PLAIN.test(text)) return text.slice(1, -1);
  return NUMBER.test(text) ? Number(text) : JSON.parse(textOf(line, range));
}

const textOf = (line: Buffer, { start, end }: Range) => line.toString('utf8', start, end);
