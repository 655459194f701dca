/** Things that fall due a constant time after they were added, on one timer however many they are. */
import type { Clock } from '@runnel/protocol';

export class DueQueue<T> {
  #clock: Clock;
  #ms: number;
  #due: (item: T) => void;
  #items = new Map<T, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ms: number, due: (item: T) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#due = due;
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  /** Adds `item`; one that waits already starts anew. */
  add(item: T): void {
    this.#items.delete(item);
    this.#items.set(item, this.#clock.now() + this.#ms);
    this.#cancel ??= this.#clock.after(this.#ms, this.#fire);
  }

  /** Takes `item` back; false if it does not wait. */
  delete(item: T): boolean {
    return this.#items.delete(item);
  }

  /** The item that falls due next. */
  first(): T | undefined {
    return this.#items.keys().next().value;
  }

  /** Forgets everything, the timer included. */
  clear(): void {
    this.#items.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #fire = (): void => {
    this.#cancel = undefined;
    for (const [item, at] of this.#items) {
      if (at > this.#clock.now()) break;
      this.#items.delete(item);
      this.#due(item);
    }
    const [next] = this.#items.values();
    if (next !== undefined) this.#cancel ??= this.#clock.after(next - this.#clock.now(), this.#fire);
  };
}
