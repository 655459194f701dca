/** A key that may change while the process runs. EGRESS 2.7. */
import { readFile } from 'node:fs/promises';
import { type Clock, pause, SinkError } from '@runnel/protocol';

/** The key itself, or the file that holds it; the file is read for each request, so that a new key needs no restart. */
export type Key = string | { readonly file: string };

/** How often a refused key's file is looked at. EGRESS 2.7: sending resumes within a second. */
const LOOK_MS = 250;

export class Credential {
  readonly #clock: Clock;
  #key: Key;
  #used: string | undefined;
  #changed = new AbortController();

  constructor(key: Key, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** The key for the next request. Rejects with a SinkError `unauthorized` when its file has none. */
  async use(): Promise<string> {
    this.#used = undefined;
    this.#used = await this.#read();
    return this.#used;
  }

  set(key: Key): void {
    this.#key = key;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** Resolves when the key is another than the last one used, or when `signal` aborts. */
  async renewed(signal: AbortSignal): Promise<void> {
    const refused = this.#used;
    while (!signal.aborted) {
      const changed = this.#changed.signal;
      if (!(await this.#isStill(refused))) return;
      await pause(this.#clock, LOOK_MS, AbortSignal.any([signal, changed]));
    }
  }

  async #isStill(refused: string | undefined): Promise<boolean> {
    try {
      return (await this.#read()) === refused;
    } catch (error) {
      if (error instanceof SinkError) return true;
      throw error;
    }
  }

  async #read(): Promise<string> {
    if (typeof this.#key === 'string') return this.#key;
    const { file } = this.#key;
    let key: string;
    try {
      key = (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw new SinkError('unauthorized', `the key file ${file} cannot be read`, { cause });
    }
    if (key === '') throw new SinkError('unauthorized', `the key file ${file} is empty`);
    return key;
  }
}

/** `Bearer <key>`. Throws a SinkError `unauthorized` for a key that no header can carry. */
export function bearer(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return `Bearer ${key}`;
  throw new SinkError('unauthorized', 'the key is empty, or has spaces or characters beyond ASCII');
}
