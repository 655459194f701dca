/**
 * One request and what has come back on it so far. Nothing is hidden: provisional answers are counted, the head and every piece of
 * the body are visible the moment they arrive, and silence can be told from an answer.
 */
import { Mismatch } from '../mismatch.ts';
import type { Answer, Fields, Head } from './fields.ts';

/** A request that stays without a byte for so long is said to hang. */
export const HANGS_MS = 300;

/** What must come at once has so long, so that a loaded machine does not fail a server. */
export const AT_ONCE_MS = 5_000;

/** How a connection came to its end: in order, by a reset, or because bytes came on it that are no HTTP. */
export type Ending = 'ended' | 'was reset' | `sent nonsense: ${string}`;

export abstract class Exchange {
  /** The statuses of the 1xx answers so far. */
  readonly provisional: number[] = [];
  /** False when there is no socket below, but a fetch handler in this process. */
  abstract readonly framed: boolean;
  /** What this request is, for reports: `GET name/0`. */
  readonly what: string;
  #head: Head | undefined;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #trailers: Fields = new Map();
  #complete = false;
  #ending: Ending | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(what: string) {
    this.what = what;
  }

  /** Sends bytes of the request's body, framed as the request's head said. */
  abstract send(bytes: string | Uint8Array): void;
  /** Ends the request's body. */
  abstract end(): void;
  /** Goes away without a word, as a client that was killed. */
  abstract abort(): void;
  /** Stops (or goes on) taking bytes from the connection. */
  abstract pause(paused: boolean): void;

  get body(): Buffer {
    return Buffer.concat(this.#pieces, this.#length);
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Waits for the final head. */
  head(deadlineMs = AT_ONCE_MS): Promise<Head> {
    return this.until('an answer', () => this.#head, deadlineMs);
  }

  /** Waits for the whole answer. */
  answer(deadlineMs = AT_ONCE_MS): Promise<Answer> {
    return this.until('a complete answer', () => this.#answer(), deadlineMs);
  }

  /** Waits until the body so far is this text; more or other bytes are a mismatch. */
  async receives(text: string, deadlineMs = AT_ONCE_MS): Promise<void> {
    const expected = Buffer.from(text);
    const body = await this.until(`the bytes "${text}"`, () => this.#atLeast(expected.length), deadlineMs);
    if (!body.equals(expected)) throw new Mismatch(`${this.what}: the bytes "${text}"`, `"${body}"`);
  }

  /** Waits until the body has at least so many bytes. */
  async receivesBytes(count: number, deadlineMs = AT_ONCE_MS): Promise<void> {
    await this.until(`${count} bytes of body`, () => (this.#length >= count ? true : undefined), deadlineMs);
  }

  /** Checks that not a byte comes, nor the end of the connection, for {@link HANGS_MS} from now. */
  async hangs(forMs = HANGS_MS): Promise<void> {
    const before = this.#mark();
    await new Promise((resolve) => setTimeout(resolve, forMs));
    if (this.#complete || this.#ending !== undefined || this.#mark() !== before)
      throw new Mismatch(`${this.what}: waits, without a byte`, this.#soFar());
  }

  /** Waits until the other side has ended the connection in good order. */
  async closes(deadlineMs = AT_ONCE_MS): Promise<void> {
    if (!this.framed) return;
    const ending = await this.until('the end of the connection', () => this.#ending, deadlineMs);
    if (ending !== 'ended')
      throw new Mismatch(`${this.what}: an orderly end of the connection`, `a connection that ${ending}`);
  }

  /** Waits until the connection is gone, however it went. */
  async isCut(deadlineMs = AT_ONCE_MS): Promise<void> {
    await this.until('the end of the connection', () => this.#ending, deadlineMs);
    if (this.#complete) throw new Mismatch(`${this.what}: is cut short`, this.#soFar());
  }

  /** Waits until `take` gives something; it is asked again whenever anything has happened on the connection. */
  async until<T>(expected: string, take: () => T | undefined, deadlineMs = AT_ONCE_MS): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      const taken = take();
      if (taken !== undefined) resolve(taken);
      else if (this.#ending !== undefined) reject(this.#missing(expected, `, then a connection that ${this.#ending}`));
    };
    const timer = setTimeout(() => reject(this.#missing(expected, `, nothing more in ${deadlineMs} ms`)), deadlineMs);
    this.#watchers.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  /* What the transport below reports. */

  gotProvisional(status: number): void {
    this.provisional.push(status);
    this.#changed();
  }

  gotHead(head: Head): void {
    this.#head = head;
    this.#changed();
  }

  gotBody(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#changed();
  }

  gotEnd(trailers: Fields): void {
    this.#trailers = trailers;
    this.#complete = true;
    this.#changed();
  }

  gotEnding(ending: Ending): void {
    this.#ending ??= ending;
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }

  #answer(): Answer | undefined {
    if (!this.#complete || this.#head === undefined) return undefined;
    return { ...this.#head, body: this.body, trailers: this.#trailers, framed: this.framed };
  }

  #atLeast(count: number): Buffer | undefined {
    return this.#length >= count ? this.body : undefined;
  }

  #mark(): string {
    return `${this.provisional.length} ${this.#head?.status} ${this.#length} ${this.#complete} ${this.#ending}`;
  }

  #missing(expected: string, then: string): Mismatch {
    return new Mismatch(`${this.what}: ${expected}`, this.#soFar() + then);
  }

  #soFar(): string {
    const provisional = this.provisional.length > 0 ? `${this.provisional.length} x 1xx, ` : '';
    if (this.#head === undefined) return `${provisional}no answer`;
    const end = this.#complete ? ', complete' : ', unfinished';
    return `${provisional}${this.#head.status} with ${this.#length} bytes${end}`;
  }
}
