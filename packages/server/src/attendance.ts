/** How many there are, and the moment when there are none. */
export class Attendance {
  count = 0;
  #empty: (() => void)[] = [];

  add(): void {
    this.count++;
  }

  remove(): void {
    if (--this.count === 0) for (const resolve of this.#empty.splice(0)) resolve();
  }

  /** Resolves when nobody is left. */
  empty(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }
}
