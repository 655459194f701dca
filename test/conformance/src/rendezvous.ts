/** Several parties prepare; when each has arrived, or has left without arriving, something is done once and all go on. */
export class Rendezvous {
  #awaited: number;
  readonly #then: () => void;
  readonly #done = Promise.withResolvers<void>();

  constructor(parties: number, then: () => void) {
    this.#awaited = parties;
    this.#then = then;
  }

  place(): { arrive(): Promise<void>; leave(): void } {
    let counted = false;
    const count = () => {
      if (counted) return;
      counted = true;
      this.#awaited -= 1;
      if (this.#awaited > 0) return;
      this.#then();
      this.#done.resolve();
    };
    return {
      arrive: () => {
        count();
        return this.#done.promise;
      },
      leave: count,
    };
  }
}
