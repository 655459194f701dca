/** A buffer that forgets its oldest: bounded in items, and in weight if they have one. */

export interface RingOptions<T> {
  readonly capacity: number;
  /** Most weight of all items together; one item may be over it alone. Default: no bound. */
  readonly maxWeight?: number;
  readonly weightOf?: (item: T) => number;
}

export class Ring<T> {
  readonly #capacity: number;
  readonly #maxWeight: number;
  readonly #weightOf: (item: T) => number;
  readonly #items: (T | undefined)[] = [];
  #first = 0;
  #length = 0;
  #weight = 0;
  #forgotten = 0;

  constructor({ capacity, maxWeight = Number.POSITIVE_INFINITY, weightOf = () => 0 }: RingOptions<T>) {
    this.#capacity = capacity;
    this.#maxWeight = maxWeight;
    this.#weightOf = weightOf;
  }

  get length(): number {
    return this.#length;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Items that had to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Items that were ever put in, since it was cleared last. */
  get pushed(): number {
    return this.#forgotten + this.#length;
  }

  push(item: T): void {
    const weight = this.#weightOf(item);
    while (this.#length > 0 && (this.#length === this.#capacity || this.#weight + weight > this.#maxWeight))
      this.#shift();
    this.#items[(this.#first + this.#length) % this.#capacity] = item;
    this.#length++;
    this.#weight += weight;
  }

  /** The item at a place, 0 being the oldest; undefined where there is none. */
  at(place: number): T | undefined {
    return place < 0 || place >= this.#length ? undefined : this.#items[(this.#first + place) % this.#capacity];
  }

  /** The newest, newest first: at most `most`, and up to the first for which `test` does not hold. */
  newest(most: number, test: (item: T) => boolean = () => true): T[] {
    const found: T[] = [];
    for (let place = this.#length - 1; place >= 0 && found.length < most; place--) {
      const item = this.at(place) as T;
      if (!test(item)) break;
      found.push(item);
    }
    return found;
  }

  /** Newest first, without the `skip` newest: at most `most`. */
  older(skip: number, most: number): T[] {
    const found: T[] = [];
    const end = Math.max(0, this.#length - skip - most);
    for (let place = this.#length - 1 - skip; place >= end; place--) found.push(this.at(place) as T);
    return found;
  }

  clear(): void {
    this.#items.length = 0;
    this.#first = this.#length = this.#weight = 0;
  }

  #shift(): void {
    this.#weight -= this.#weightOf(this.#items[this.#first] as T);
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#capacity;
    this.#length--;
    this.#forgotten++;
  }
}
