/** How a case ends that does not pass. */

/** The server did something else than the case expected. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly came: string;

  constructor(expected: string, came: string) {
    super(`expected ${expected}; came ${came}`);
    this.expected = expected;
    this.came = came;
  }
}

/** The case cannot be held against this server after all, for a reason that shows only while it runs. */
export class NotApplicable extends Error {}
