/** What rides on the events channel beside telemetry: answers, notifications, logs. Rare, small in number, and first in line. PROTOCOL.md section 8.1. */
import { EVENT_CAP_BYTES, LOG_LEVELS, type LogLevel } from '@runnel/protocol';
import { DropOldest } from '@runnel/pubsub';
import { Tally } from './books.ts';
import { exceeds, textOf } from './text.ts';

const QUEUE_MESSAGES = 256;
const QUEUE_CHARS = 16 * 1024 * 1024;
const QUEUE_LOG_LINES = 1000;
const LOG_LINE_CHARS = 16_384;
const LOGS_A_MESSAGE = 50;
const BATCH_CHARS = 1024 * 1024;

interface Entry {
  /** What it counts as. */
  readonly kind: string;
  /** How many it counts for: a message of logs counts its lines. */
  readonly count: number;
  readonly line: string;
}

/** Queues of their own, apart from the ring, so that neither a flood of telemetry nor one of logs holds up an answer. The oldest leave when they are full. */
export class Messages {
  queued = 0;
  written = 0;
  /** Log lines below the level in force. */
  withheld = 0;
  /** Lines below this do not leave. */
  logLevel: LogLevel = 'debug';
  readonly dropped = new Tally();
  #queue = new DropOldest<Entry>(QUEUE_MESSAGES);
  #queueChars = 0;
  #logs = new DropOldest<string>(QUEUE_LOG_LINES);
  #inHand: readonly Entry[] = [];
  #refusing = false;
  readonly #onWork: () => void;
  readonly #mostBytes: number;

  constructor(onWork: () => void, mostBytes = EVENT_CAP_BYTES - 1) {
    this.#onWork = onWork;
    this.#mostBytes = mostBytes;
  }

  /** Queues a message, serialised now. Returns false if it cannot be: no JSON, or over the event cap. Never throws. */
  push(kind: string, message: object): boolean {
    this.queued++;
    const line = this.#refusing ? undefined : toLine(message, this.#mostBytes);
    if (line === undefined) {
      this.dropped.add(kind);
      return false;
    }
    this.#queueChars += line.length;
    this.#drop(this.#queue.push({ kind, count: 1, line }));
    while (this.#queueChars > QUEUE_CHARS) this.#drop(this.#queue.shift());
    this.#onWork();
    return true;
  }

  /** Queues a log line, cut to 16,384 characters, unless its level is too low. Where there is an `elsewhere`, that is where it goes at once, and it is not counted. */
  log(line: string, level: LogLevel, elsewhere?: (line: string) => void): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.logLevel)) {
      this.withheld++;
      return;
    }
    if (elsewhere) {
      elsewhere(textOf(line));
      return;
    }
    this.queued++;
    const text = textOf(line).slice(0, LOG_LINE_CHARS);
    const dropped = this.#refusing ? text : this.#logs.push(text);
    if (dropped !== undefined) this.dropped.add('logs');
    this.#onWork();
  }

  get pending(): number {
    return this.#queue.length + this.#logs.length + total(this.#inHand);
  }

  get waiting(): boolean {
    return this.#queue.length + this.#logs.length > 0;
  }

  /** Takes lines in hand: messages first, then logs, about a mebibyte of them. */
  take(): readonly string[] {
    const taken: Entry[] = [];
    for (let chars = 0; chars < BATCH_CHARS; chars += taken.at(-1)?.line.length ?? 0) {
      const entry = this.#shift() ?? this.#shiftLogs();
      if (entry === undefined) break;
      taken.push(entry);
    }
    this.#inHand = taken;
    return taken.map((entry) => entry.line);
  }

  /** Settles what was taken: the first `written` lines of it left, the rest is dropped. */
  settle(written: number): void {
    this.written += total(this.#inHand.slice(0, written));
    for (const entry of this.#inHand.slice(written)) this.dropped.add(entry.kind, entry.count);
    this.#inHand = [];
  }

  /** From now on messages are counted and refused. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Drops what is queued. */
  purge(): void {
    while (this.#queue.length > 0) this.#drop(this.#queue.shift());
    this.dropped.add('logs', this.#logs.length);
    this.#logs.clear();
  }

  #shift(): Entry | undefined {
    const entry = this.#queue.shift();
    if (entry !== undefined) this.#queueChars -= entry.line.length;
    return entry;
  }

  #shiftLogs(): Entry | undefined {
    const lines = this.#logs.drain(LOGS_A_MESSAGE);
    return lines.length === 0
      ? undefined
      : { kind: 'logs', count: lines.length, line: JSON.stringify({ type: 'logs', lines }) };
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#queueChars -= entry.line.length;
    this.dropped.add(entry.kind, entry.count);
  }
}

function toLine(message: object, mostBytes: number): string | undefined {
  try {
    const line = JSON.stringify(message);
    return exceeds(line, mostBytes) ? undefined : line;
  } catch {
    // No JSON: a cycle, a BigInt, a toJSON that threw. The caller counts it.
    return undefined;
  }
}

const total = (entries: readonly Entry[]) => entries.reduce((sum, entry) => sum + entry.count, 0);
