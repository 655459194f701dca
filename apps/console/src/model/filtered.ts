/** The lines of a tail that pass a filter. Each is looked at once, however often the view is drawn. */
import { Ring } from './ring.ts';
import type { TailEvent } from './tail-event.ts';
import { MOST_EVENTS, MOST_TEXT } from './watch.ts';

/** Of a longer line only so much is searched. */
const SEARCHED = 65_536;

export class Filtered {
  readonly type: string;
  readonly text: string;
  readonly #found = new Ring<TailEvent>({
    capacity: MOST_EVENTS,
    maxWeight: MOST_TEXT,
    weightOf: ({ text }) => text.length,
  });
  #looked = 0;

  /** `type`: exactly this; `text`: anywhere in the line, in whatever case. Empty: any. */
  constructor(type: string, text: string) {
    this.type = type;
    this.text = text.toLowerCase();
  }

  /** The lines of `events` that pass. */
  of(events: Ring<TailEvent>): Ring<TailEvent> {
    if (this.type === '' && this.text === '') return events;
    const fresh = events.newest(MOST_EVENTS, ({ n }) => n > this.#looked);
    for (const event of fresh.reverse()) if (this.#passes(event)) this.#found.push(event);
    this.#looked = fresh.at(-1)?.n ?? this.#looked;
    return this.#found;
  }

  #passes({ type, text, note }: TailEvent): boolean {
    if (note !== undefined) return true;
    if (this.type !== '' && type !== this.type) return false;
    return this.text === '' || text.slice(0, SEARCHED).toLowerCase().includes(this.text);
  }
}
