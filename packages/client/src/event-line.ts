/** A line of an events channel, read as far as its routing asks. PROTOCOL.md section 8.1. */
import { memberFinder, type Range, type TelemetryEvent } from '@runnel/protocol';

const find = memberFinder('type', 'epoch', 'seq', 'event', 'event.id', 'event.timestamp', 'event.data');

/** What is needed of each event. */
export interface FoundEvent {
  readonly id: string | undefined;
  readonly timestamp: unknown;
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
    return types.read(this.#line, this.#found[0]);
  }

  get epoch(): unknown {
    return epochs.read(this.#line, this.#found[1]);
  }

  get seq(): unknown {
    return read(this.#line, this.#found[2]);
  }

  /** The event if it can be relayed, by the conditions of `isTelemetryEvent`. EGRESS 1.15. */
  get event(): FoundEvent | undefined {
    const line = this.#line;
    const [, , , event, id, timestamp, data] = this.#found;
    if (!event || !data || line[data.start] !== OPEN_OBJECT || (id && line[id.start] !== QUOTE)) return undefined;
    return { id: read(line, id) as string | undefined, timestamp: read(line, timestamp) };
  }

  /** The event as it was sent; only where `event` is one. A view into the line's chunk; own-memory.ts says for how long. */
  get eventBytes(): Uint8Array {
    const { start, end } = this.#found[3] as Range;
    return this.#line.subarray(start, end);
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
const ZERO = 0x30;
/** Strings that stand in their bytes as they are. */
const PLAIN = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;
/** Numbers of so many digits are exact. */
const MOST_DIGITS = 15;
/** Longest value that is remembered. */
const MOST_REMEMBERED_BYTES = 64;

/** Reads a member that is nearly always what it was in the line before. */
class Remembering {
  #bytes = Buffer.alloc(0);
  #value: unknown;

  read(line: Buffer, range: Range | undefined): unknown {
    if (!range || range.end - range.start > MOST_REMEMBERED_BYTES) return read(line, range);
    if (!this.#isSame(line, range)) {
      this.#value = read(line, range);
      this.#bytes = Buffer.from(line.subarray(range.start, range.end));
    }
    return this.#value;
  }

  #isSame(line: Buffer, { start, end }: Range): boolean {
    const bytes = this.#bytes;
    if (bytes.length !== end - start) return false;
    for (let at = 0; at < bytes.length; at++) if (line[start + at] !== bytes[at]) return false;
    return true;
  }
}

const types = new Remembering();
const epochs = new Remembering();

function read(line: Buffer, range: Range | undefined): unknown {
  if (!range) return undefined;
  if (line[range.start] !== QUOTE) return digits(line, range) ?? JSON.parse(textOf(line, range));
  const text = line.toString('latin1', range.start + 1, range.end - 1);
  return PLAIN.test(text) ? text : JSON.parse(textOf(line, range));
}

function digits(line: Buffer, { start, end }: Range): number | undefined {
  if (end - start > MOST_DIGITS) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (line[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

const textOf = (line: Buffer, { start, end }: Range) => line.toString('utf8', start, end);
