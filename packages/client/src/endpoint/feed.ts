/** The relay's figures as they change, for pages that stay open. What a reader does not take is not kept for it. */
import { hostname } from 'node:os';
import type { Relay } from '../relay.ts';
import type { FeedHello, FeedStatus } from './wire.ts';

const TICK_MS = 1000;
/** A status of thousands of sessions is made seldomer, so that making it takes no more than a twentieth of the time. */
const COST_SHARE = 20;
const MOST_READERS = 32;
/** A reader that has taken nothing for so long is cut off: its place may be needed. */
const STUCK_MS = 60_000;

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly cut: () => void;
  /** When it had last taken what it was given. */
  drainedAt: number;
}

export class Feed {
  readonly #relay: Relay;
  readonly #name: string;
  readonly #readers = new Set<Reader>();
  #tick = 0;
  #cancel: (() => void) | undefined;

  constructor(relay: Relay, name = hostname()) {
    this.#relay = relay;
    this.#name = name;
  }

  /**
   * A reader's server-sent events, from `hello` on; undefined if there are too many readers. It ends when the stream is cancelled. A reader that is stuck is `cut`, which ends its connection;
   * default: the stream errors.
   */
  open(cut?: () => void): ReadableStream<Uint8Array> | undefined {
    if (this.#readers.size >= MOST_READERS) return undefined;
    const first = encoder.encode(`retry: ${TICK_MS}\n${this.#hello()}${this.#status()}`);
    let reader: Reader;
    return new ReadableStream(
      {
        start: (controller) => {
          const error = () => controller.error(new Error('The reader of the feed takes nothing'));
          reader = { controller, cut: cut ?? error, drainedAt: this.#relay.clock.now() };
          this.#readers.add(reader);
          controller.enqueue(first);
          this.#cancel ??= this.#relay.clock.after(TICK_MS, () => this.#next());
        },
        cancel: () => this.#drop(reader),
      },
      // One message waits for the socket; its next comes when it has gone.
      { highWaterMark: 1 },
    );
  }

  #drop(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #next(): void {
    const { clock } = this.#relay;
    const began = clock.now();
    this.#tick++;
    try {
      this.#tell();
    } catch {
      // A journal that cannot be read now: this tick is left out.
    }
    if (this.#readers.size === 0) return;
    const ms = clock.now() - began;
    this.#cancel = clock.after(Math.max(TICK_MS, ms * COST_SHARE), () => this.#next());
  }

  #tell(): void {
    const bytes = encoder.encode(this.#status());
    const now = this.#relay.clock.now();
    for (const reader of this.#readers) this.#give(reader, bytes, now);
  }

  #give(reader: Reader, bytes: Uint8Array, now: number): void {
    const { controller } = reader;
    if ((controller.desiredSize ?? 0) > 0) {
      reader.drainedAt = now;
      controller.enqueue(bytes);
    } else if (now - reader.drainedAt > STUCK_MS) {
      this.#drop(reader);
      reader.cut();
    }
  }

  #hello(): string {
    const { url, startedAt } = this.#relay;
    const { origin, pathname } = new URL(url);
    // A user and password in the URL are the relay's, and no page could fetch it with them.
    const server = `${origin}${pathname}`;
    return event('hello', { server, name: this.#name, startedAt, writable: true } satisfies FeedHello);
  }

  #status(): string {
    const { clock, errands } = this.#relay;
    const tick = this.#tick;
    const status = { at: clock.wall(), tick, ...this.#relay.status(), errands: errands.newest } satisfies FeedStatus;
    return event('status', status, tick);
  }
}

const encoder = new TextEncoder();

/** JSON has no line ends of its own, so it is one line of data. */
const event = (name: string, data: object, id?: number) =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
