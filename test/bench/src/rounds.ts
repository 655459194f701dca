/** Runs a workload's contenders in turns, A B A B …: a machine's speed drifts, and so it drifts for all of them alike. */
import { type Contender, Unavailable, type Values, type Workload } from './workload.ts';

export interface RoundsOptions {
  /** Rounds that count. */
  readonly rounds: number;
  /** Rounds before them that do not. */
  readonly warmup: number;
  /** Told before each round of each contender, and of those left out. */
  readonly progress?: (message: string) => void;
}

export interface Measured {
  /** Each contender's values, one entry per round, in the order in which the contenders took turns. */
  readonly rounds: Readonly<Record<string, readonly Values[]>>;
  /** Why a contender was left out, by its name. */
  readonly unavailable: Readonly<Record<string, string>>;
}

/** Opens all contenders, runs the rounds and closes them again, also when a round throws. */
export async function measure(workload: Workload, options: RoundsOptions): Promise<Measured> {
  const { rounds, warmup, progress = () => {} } = options;
  const open = new Map<string, Contender>();
  const unavailable: Record<string, string> = {};
  try {
    for (const [name, start] of Object.entries(workload.contenders)) {
      try {
        open.set(name, await start());
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        unavailable[name] = error.message;
        progress(`${name} is left out: ${error.message}`);
      }
    }
    const taken: Record<string, Values[]> = Object.fromEntries([...open.keys()].map((name) => [name, []]));
    for (let round = 1 - warmup; round <= rounds; round++) {
      for (const [name, contender] of open) {
        progress(`${round < 1 ? `warm-up ${round + warmup}/${warmup}` : `round ${round}/${rounds}`}  ${name}`);
        const values = check(workload, name, await contender.round());
        if (round >= 1) taken[name]?.push(values);
      }
    }
    return { rounds: taken, unavailable };
  } finally {
    for (const contender of open.values()) await contender.close?.();
  }
}

function check(workload: Workload, contender: string, values: Values): Values {
  for (const figure of Object.keys(workload.figures)) {
    if (!Number.isFinite(values[figure])) throw new Error(`${workload.name}: ${contender} measured no ${figure}`);
  }
  return values;
}
