/** Runs a workload's contenders in turns, A B A B …: a machine's speed drifts, and so it drifts for all of them alike. */
import { type Contender, Unavailable, type Values, type Workload } from './workload.ts';

export interface RoundsOptions {
  /** Rounds that count. */
  readonly rounds: number;
  /** How long each of them lasts, where a round is a time. Default 2. */
  readonly seconds?: number;
  /** How long the round before them lasts, which does not count; 0: there is none. */
  readonly warmup: number;
  /** How long a contender may take to open, and for a round; one that takes longer is left out. Default 180,000. */
  readonly limitMs?: number;
  /** Told before each round of each contender, and of those left out. */
  readonly progress?: (message: string) => void;
}

export interface Measured {
  /** Each contender's values, one entry per round, in the order in which the contenders took turns. */
  readonly rounds: Readonly<Record<string, readonly Values[]>>;
  /** Why a contender was left out, by its name. */
  readonly unavailable: Readonly<Record<string, string>>;
  /** Why a contender could not go on, by its name: it is left out as well, but that is a fault. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Opens all contenders, runs the rounds and closes them again. One that fails is out of the run, and the others go on. */
export async function measure(workload: Workload, options: RoundsOptions): Promise<Measured> {
  const { rounds, seconds = 2, warmup, limitMs = 180_000, progress = () => {} } = options;
  const open = new Map<string, Contender>();
  const unavailable: Record<string, string> = {};
  const failed: Record<string, string> = {};
  const taken: Record<string, Values[]> = {};
  const leftOut = (name: string, error: unknown) => {
    if (error instanceof Unavailable) unavailable[name] = error.message;
    else failed[name] = String(error);
    progress(`${name} is left out: ${unavailable[name] ?? failed[name]}`);
  };
  try {
    for (const [name, start] of Object.entries(workload.contenders)) {
      try {
        open.set(name, await within(limitMs, start()));
        taken[name] = [];
      } catch (error) {
        leftOut(name, error);
      }
    }
    for (let round = warmup > 0 && !workload.anew ? 0 : 1; round <= rounds; round++) {
      for (const [name, contender] of open) {
        progress(`${round === 0 ? 'warm-up' : `round ${round}/${rounds}`}  ${name}`);
        try {
          const values = check(
            workload,
            name,
            await within(limitMs, contender.round({ seconds: round === 0 ? warmup : seconds })),
          );
          if (round > 0) taken[name]?.push(values);
        } catch (error) {
          leftOut(name, error);
          open.delete(name);
          delete taken[name];
          await contender.close?.();
        }
      }
    }
    return { rounds: taken, unavailable, failed };
  } finally {
    for (const contender of open.values()) await contender.close?.();
  }
}

async function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = setTimeout(() => reject(new Error(`it did not end within ${ms / 1000} s`)), ms);
  return Promise.race([work, promise]).finally(() => clearTimeout(late));
}

function check(workload: Workload, contender: string, values: Values): Values {
  for (const figure of Object.keys(workload.figures)) {
    if (!Number.isFinite(values[figure])) throw new Error(`${workload.name}: ${contender} measured no ${figure}`);
  }
  return values;
}
