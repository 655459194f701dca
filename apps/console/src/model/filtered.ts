/** The lines of a tail that pass a filter. Each is looked at once, however often the view is drawn. */
import { Ring } from './ring.ts';
import type { TailEvent } from './tail-event.ts';
import { MOST_EVENTS, MOST_TEXT } from './watch.ts';

/** Of a longer line only so much is searched. */
const SEARCHED = 65_536;

export type Filter = (event: TailEvent) => boolean;

/** `type`: exactly this; `text`: anywhere in the line, in whatever case. Empty: any; undefined if both are. */
export function filterOf(type: string, text: string): Filter | undefined {
  if (type === '' && text === '') return undefined;
  const wanted = text.toLowerCase();
  return (event) => {
    if (event.note !== undefined) return true;
    if (type !== '' && event.type !== type) return false;
    return wanted === '' || event.text.slice(0, SEARCHED).toLowerCase().includes(wanted);
  };
}

export class Filtered {
  readonly #filter: Filter | undefined;
  readonly #found = new Ring<TailEvent>({
    capacity: MOST_EVENTS,
    maxWeight: MOST_TEXT,
    weightOf: ({ text }) => text.length,
  });
  #looked = 0;

  constructor(filter: Filter | undefined) {
    this.#filter = filter;
  }

  /** The lines of `events` that pass. */
  of(events: Ring<TailEvent>): Ring<TailEvent> {
    if (!this.#filter) return events;
    const fresh = linesAfter(this.#looked, events);
    for (const event of fresh) if (this.#filter(event)) this.#found.push(event);
    this.#looked = fresh.at(-1)?.n ?? this.#looked;
    return this.#found;
  }
}

/** How many lines that pass have come since a moment. */
export class Arrivals {
  readonly #filter: Filter | undefined;
  readonly #since: { readonly n: number; readonly pushed: number };
  #looked: number;
  #passed = 0;

  /** `since`: the newest line's `n`, and how many the ring had ever taken. */
  constructor(filter: Filter | undefined, since: { readonly n: number; readonly pushed: number }) {
    this.#filter = filter;
    this.#since = since;
    this.#looked = since.n;
  }

  of(events: Ring<TailEvent>): number {
    if (!this.#filter) return events.pushed - this.#since.pushed;
    const fresh = linesAfter(this.#looked, events);
    this.#passed += fresh.filter(this.#filter).length;
    this.#looked = fresh.at(-1)?.n ?? this.#looked;
    return this.#passed;
  }
}

/** Oldest first. */
const linesAfter = (looked: number, events: Ring<TailEvent>) =>
  events.newest(MOST_EVENTS, ({ n }) => n > looked).reverse();
