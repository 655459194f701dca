/** Names that came over the wire and may be kept, counted by, or handed on: a bounded set, and what did not get into it. EGRESS 4.14. */
import { matchesPattern } from '@runnel/protocol';
import { beginningOf } from './beginning.ts';

const MOST_CHARACTERS = 128;
/** Newest strangers that are kept, for a person who wonders what they are. */
const MOST_STRANGERS = 20;
/** Parts divided by dots, without spaces and what cannot be seen. */
const WELL_FORMED = /^[^\s\p{C}.]+(\.[^\s\p{C}.]+)*$/u;

export class KnownNames {
  readonly #allowed: readonly string[] | undefined;
  readonly #most: number;
  readonly #known = new Set<string>();
  #strangers: string[] = [];
  /** Times a name was none of the known, with repetitions. */
  quarantined = 0;

  /** `allowed`: patterns of the names there may be, default any; at most `most` of them become known, the first that come. */
  constructor(allowed: readonly string[] | undefined, most: number) {
    this.#allowed = allowed;
    this.#most = most;
  }

  /** Whether it is known, now at the latest. One that is not is counted. */
  admit(name: string): boolean {
    if (this.#known.has(name)) return true;
    if (this.#known.size < this.#most && this.#mayBe(name)) {
      this.#known.add(name);
      return true;
    }
    this.quarantined++;
    const shown = beginningOf(name, MOST_CHARACTERS);
    if (!this.#strangers.includes(shown)) this.#strangers = [...this.#strangers, shown].slice(-MOST_STRANGERS);
    return false;
  }

  /** One that our own side names is known, whatever comes. */
  expect(name: string): void {
    this.#known.add(name);
  }

  get known(): number {
    return this.#known.size;
  }

  /** The newest that were not admitted, each once. */
  get strangers(): readonly string[] {
    return this.#strangers;
  }

  #mayBe(name: string): boolean {
    if (name.length > MOST_CHARACTERS || !WELL_FORMED.test(name)) return false;
    return this.#allowed?.some((pattern) => matchesPattern(pattern, name)) ?? true;
  }
}
