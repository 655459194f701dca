/** A queue that never refuses: when it is full, the oldest item leaves. The owner counts what leaves. */
export class DropOldest<T> {
  readonly capacity: number;
  readonly #items: (T | undefined)[];
  #first = 0;
  #length = 0;

  /** `capacity` is a whole number from 1; otherwise RangeError. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`Not a capacity: ${capacity}`);
    this.capacity = capacity;
    this.#items = new Array(Math.min(capacity, 1024));
  }

  get length(): number {
    return this.#length;
  }

  /** Adds the newest; returns the oldest if it had to leave for it. */
  push(item: T): T | undefined {
    const evicted = this.#length === this.capacity ? this.shift() : undefined;
    if (this.#length === this.#items.length) this.#grow();
    this.#items[this.#slot(this.#length++)] = item;
    return evicted;
  }

  /** Takes the oldest. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = this.#slot(1);
    this.#length--;
    return item;
  }

  /** Takes up to `most` of the oldest, in order. */
  drain(most = this.#length): T[] {
    const taken: T[] = [];
    for (let left = Math.min(most, this.#length); left > 0; left--) taken.push(this.shift() as T);
    return taken;
  }

  clear(): void {
    this.#items.fill(undefined);
    this.#first = 0;
    this.#length = 0;
  }

  #slot(offset: number): number {
    const at = this.#first + offset;
    return at < this.#items.length ? at : at - this.#items.length;
  }

  /** A ring for 65,536 events that holds ten does not need all its room. */
  #grow(): void {
    const items = this.drain();
    this.#items.length = Math.min(this.capacity, this.#items.length * 2);
    this.#items.fill(undefined);
    for (const item of items) this.#items[this.#length++] = item;
    this.#first = 0;
  }
}
