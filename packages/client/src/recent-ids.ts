/** Which events were seen lately, by id: for runners that number nothing. PROTOCOL.md section 8.5. */

const MOST_IDS = 8192;

/** Remembers the ids of the newest two segments, at most 8,192 of them, the newest. */
export class RecentIds {
  #segment: string | undefined;
  #current = new Set<string>();
  #previous = new Set<string>();

  /** Whether `id` was seen before in this or the last segment; from now on it was. `segment` names the segment it is in. */
  seen(id: string, segment: string): boolean {
    if (segment !== this.#segment) {
      this.#previous = this.#current;
      this.#current = new Set();
      this.#segment = segment;
    }
    if (this.#current.has(id) || this.#previous.has(id)) return true;
    this.#current.add(id);
    if (this.#current.size + this.#previous.size > MOST_IDS) this.#forgetOldest();
    return false;
  }

  #forgetOldest(): void {
    const from = this.#previous.size > 0 ? this.#previous : this.#current;
    for (const id of from) {
      from.delete(id);
      return;
    }
  }
}
