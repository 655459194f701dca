/** Losses, counted by reason. */
export class Tally<Reason extends string> {
  readonly #counts: Record<Reason, number>;

  /** Every reason is there from the start, at 0. */
  constructor(reasons: readonly Reason[]) {
    this.#counts = Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<Reason, number>;
  }

  add(reason: Reason, n = 1): void {
    this.#counts[reason] += n;
  }

  /** A copy. */
  get counts(): Readonly<Record<Reason, number>> {
    return { ...this.#counts };
  }
}
