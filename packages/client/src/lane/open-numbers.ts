/** Numbers that are open, and the lowest of them. Cheap as long as they are closed about in the order in which they were opened. */

export class OpenNumbers {
  /** Opened, lowest first; those before `#head` are closed. */
  #numbers: number[] = [];
  #head = 0;
  /** Closed before one that is lower. */
  readonly #ahead = new Set<number>();

  /** Opens a number that is higher than all before it. */
  open(n: number): void {
    this.#numbers.push(n);
  }

  /** Closes one; nothing happens if it is not open. */
  close(n: number): void {
    if (n !== this.lowest) {
      if (this.#has(n)) this.#ahead.add(n);
      return;
    }
    do this.#head++;
    while (this.#ahead.size > 0 && this.#ahead.delete(this.#numbers[this.#head] as number));
    if (this.#head > 1024 && this.#head * 2 > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#head);
      this.#head = 0;
    }
  }

  get lowest(): number | undefined {
    return this.#numbers[this.#head];
  }

  get size(): number {
    return this.#numbers.length - this.#head - this.#ahead.size;
  }

  #has(n: number): boolean {
    let [from, to] = [this.#head, this.#numbers.length - 1];
    while (from <= to) {
      const middle = (from + to) >> 1;
      const found = this.#numbers[middle] as number;
      if (found === n) return true;
      if (found < n) from = middle + 1;
      else to = middle - 1;
    }
    return false;
  }
}
