/** Who still needs a worker. EGRESS 3.9. */

/** One party that keeps a participant's worker open: make one a connection, and hand it to each call of that connection. */
export class ReferenceGuard {
  /** Said where guards are listed; no more than a name. */
  readonly name: string | undefined;

  constructor(name?: string) {
    this.name = name;
  }
}

/** The guards of one worker: each counts once, from its first call to its release, and never again. */
export class ReferenceCount {
  readonly #held = new Set<ReferenceGuard>();
  readonly #released = new WeakSet<ReferenceGuard>();

  hold(guard: ReferenceGuard): void {
    if (!this.#released.has(guard)) this.#held.add(guard);
  }

  /** Whether this was the last one held. False for a guard that is not held. */
  release(guard: ReferenceGuard): boolean {
    if (!this.#held.delete(guard)) return false;
    this.#released.add(guard);
    return this.#held.size === 0;
  }
}
