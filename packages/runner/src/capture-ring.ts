/** Captured calls in order; when it is full, the oldest leaves. In columns: a call leaves nothing on the heap but the copy of its data, since numbers among numbers are no objects. EGRESS E1. */

/** A call of `emit` as it is kept until the drain: its number, its time by the wall clock, and a shallow copy of its data. */
export interface Capture {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** A ring for 65,536 events that holds ten does not need all its room. */
const FIRST_ROOM = 1024;

export class CaptureRing {
  readonly capacity: number;
  #seqs: Float64Array;
  #times: Float64Array;
  #types: string[];
  #data: Capture['data'][];
  #first = 0;
  #length = 0;

  /** `capacity` is a whole number from 1; otherwise RangeError. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`Not a capacity: ${capacity}`);
    this.capacity = capacity;
    const room = Math.min(capacity, FIRST_ROOM);
    this.#seqs = new Float64Array(room);
    this.#times = new Float64Array(room);
    this.#types = new Array(room).fill('');
    this.#data = new Array(room).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  push(seq: number, at: number, type: string, data: Capture['data']): void {
    if (this.#length === this.capacity) this.#forgetFirst();
    else if (this.#length === this.#data.length) this.#grow();
    const slot = this.#slot(this.#length++);
    this.#seqs[slot] = seq;
    this.#times[slot] = at;
    this.#types[slot] = type;
    this.#data[slot] = data;
  }

  /** Takes the oldest. */
  shift(): Capture | undefined {
    if (this.#length === 0) return undefined;
    const slot = this.#first;
    const data = this.#data[slot];
    const capture = {
      seq: this.#seqs[slot] as number,
      at: this.#times[slot] as number,
      type: this.#types[slot] as string,
      data,
    };
    this.#forgetFirst();
    return capture;
  }

  clear(): void {
    this.#types.fill('');
    this.#data.fill(undefined);
    this.#first = 0;
    this.#length = 0;
  }

  #forgetFirst(): void {
    this.#types[this.#first] = '';
    this.#data[this.#first] = undefined;
    this.#first = this.#slot(1);
    this.#length--;
  }

  #slot(offset: number): number {
    const at = this.#first + offset;
    return at < this.#data.length ? at : at - this.#data.length;
  }

  /** Only when it is full: the oldest comes to the beginning. */
  #grow(): void {
    const room = Math.min(this.capacity, this.#data.length * 2);
    const numbers = (old: Float64Array) => {
      const grown = new Float64Array(room);
      grown.set(old.subarray(this.#first));
      grown.set(old.subarray(0, this.#first), old.length - this.#first);
      return grown;
    };
    const others = <T>(old: readonly T[], empty: T): T[] => {
      const inOrder = old.slice(this.#first).concat(old.slice(0, this.#first));
      return inOrder.concat(new Array(room - old.length).fill(empty));
    };
    this.#seqs = numbers(this.#seqs);
    this.#times = numbers(this.#times);
    this.#types = others(this.#types, '');
    this.#data = others<Capture['data']>(this.#data, undefined);
    this.#first = 0;
  }
}
