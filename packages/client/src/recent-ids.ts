/** Which events were seen lately, by id: for runners that number nothing. PROTOCOL.md section 8.5. */
import { createHash } from 'node:crypto';

const MOST_IDS = 8192;
/** Of a longer id the digest is kept. UUIDs have 36. */
const MOST_CHARACTERS = 128;

/** Remembers the ids of the newest two segments, at most 8,192 of them, the newest. */
export class RecentIds {
  #segment: string | undefined;
  #current = new Set<string>();
  #previous = new Set<string>();

  /** Whether `eventId` was seen before in this or the last segment; from now on it was. `segment` names the segment it is in. */
  seen(eventId: string, segment: string): boolean {
    const id = short(eventId);
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

const short = (id: string) => (id.length > MOST_CHARACTERS ? createHash('sha256').update(id).digest('base64') : id);
