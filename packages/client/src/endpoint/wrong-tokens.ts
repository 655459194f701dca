/** Wrong tokens are counted by the address they come from, so that nobody tries them one after the other. */
import { hash } from 'node:crypto';
import type { Clock } from '@runnel/protocol';
import type { Context } from 'hono';

/** Wrong ones of an address in one {@link PERIOD_MS}; then it is not listened to until that is over. One that is shown again is none more: a program with that of an earlier start guesses nothing. */
const MOST_WRONG = 10;
const PERIOD_MS = 60_000;
const MOST_ADDRESSES = 1_000;

interface Tried {
  /** Their digests, since they may be long. */
  readonly wrong: Set<string>;
  readonly until: number;
}

export class WrongTokens {
  readonly #clock: Clock;
  /** The one whose period began first comes first. */
  readonly #by = new Map<string, Tried>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer to one who showed too many, whatever the next one is. */
  refusal(c: Context): Response | undefined {
    const tried = this.#of(c);
    if (!tried || tried.wrong.size < MOST_WRONG) return undefined;
    c.header('Retry-After', String(Math.ceil((tried.until - this.#clock.now()) / 1000)));
    return c.text('Too many wrong tokens: wait a minute\n', 429);
  }

  /** `shown`: all that the request showed. */
  add(c: Context, shown: string): void {
    const tried = this.#of(c) ?? { wrong: new Set(), until: this.#clock.now() + PERIOD_MS };
    tried.wrong.add(hash('sha256', shown));
    this.#by.set(addressOf(c), tried);
    const [oldest = ''] = this.#by.keys();
    if (this.#by.size > MOST_ADDRESSES) this.#by.delete(oldest);
  }

  #of(c: Context): Tried | undefined {
    const address = addressOf(c);
    const tried = this.#by.get(address);
    if (!tried || tried.until > this.#clock.now()) return tried;
    this.#by.delete(address);
    return undefined;
  }
}

/** Without a socket, as in process, all are one. */
const addressOf = (c: Context): string =>
  (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket?.remoteAddress ?? '';
