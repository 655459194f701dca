/** What a file in workloads/ exports as its default: one question, asked of several contenders in the same way. */
export interface Workload {
  /** What it is called on the command line. */
  readonly name: string;
  /** One line on what is measured. */
  readonly about: string;
  /** The contender that the ratios are relative to. */
  readonly baseline: string;
  /** Where the contenders are one thing at different sizes, which begin their names: what it is that grows. */
  readonly grows?: string;
  /** Whether each round begins with processes of its own, so that no round before warms them up. */
  readonly anew?: boolean;
  /** What a round measures, by name. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Opens a contender, by name. One that cannot run on this machine throws {@link Unavailable}. */
  readonly contenders: Readonly<Record<string, () => Contender | Promise<Contender>>>;
}

export interface Figure {
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** How long a round lasts, for workloads that are a rate over time. Those that are an amount of work take as long as it takes. */
export interface Pace {
  readonly seconds: number;
}

/** Measured values, by the name of their figure. */
export type Values = Readonly<Record<string, number>>;

/** A contender that is set up. The harness closes it when all rounds are over. */
export interface Contender {
  /** Does the work once and says what it measured: a value for every figure of the workload. */
  round(pace: Pace): Values | Promise<Values>;
  close?(): void | Promise<void>;
}

/** Thrown while a contender is opened: it is left out of this run, with the reason. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
