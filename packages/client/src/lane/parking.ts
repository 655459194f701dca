/** Keys that fail, each with its envelopes in order, so that the other keys go on. EGRESS 3.18, HOUSE: lanes. */
import type { Item } from './core.ts';

export interface ParkedKey {
  readonly key: string;
  items: Item[];
  failures: number;
  notBefore: number;
  inFlight: boolean;
  /** Most items of its next batch: halved when they are refused together. */
  limit: number;
}

export class Parking {
  readonly #keys = new Map<string, ParkedKey>();
  #count = 0;

  /** Envelopes parked. */
  get count(): number {
    return this.#count;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Puts items behind those of their key, or begins with them. */
  park(key: string, items: readonly Item[], notBefore: number): ParkedKey {
    const parked = this.#keys.get(key) ?? {
      key,
      items: [],
      failures: 0,
      notBefore,
      inFlight: false,
      limit: Number.POSITIVE_INFINITY,
    };
    for (const item of items) parked.items.push(item);
    this.#count += items.length;
    this.#keys.set(key, parked);
    return parked;
  }

  get(key: string): ParkedKey | undefined {
    return this.#keys.get(key);
  }

  /** Takes items out; a key without any is none that fails any more. */
  remove(key: string, gone: ReadonlySet<number>): void {
    const parked = this.#keys.get(key);
    if (!parked) return;
    const items = parked.items.filter(({ n }) => !gone.has(n));
    this.#count -= parked.items.length - items.length;
    parked.items = items;
    if (items.length === 0 && !parked.inFlight) this.#keys.delete(key);
  }

  /** The key that has waited longest for its turn, of those not in flight. */
  next(): ParkedKey | undefined {
    let next: ParkedKey | undefined;
    for (const parked of this.#keys.values()) {
      if (!parked.inFlight && parked.items.length > 0 && (!next || parked.notBefore < next.notBefore)) next = parked;
    }
    return next;
  }

  keys(): readonly string[] {
    return [...this.#keys.keys()];
  }
}
