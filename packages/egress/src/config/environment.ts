/** Environment variables, read with every complaint kept, so that all of them can be told at once. */

export type Env = Readonly<Record<string, string | undefined>>;

export class Environment {
  readonly problems: string[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  /** The value, or undefined where it is not set or empty. */
  text(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  /** Whether the variable is there at all: an empty one may mean "off". */
  isSet(name: string): boolean {
    return this.#env[name] !== undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['1', 'true', 'yes', 'on'].includes(value)) return true;
    if (!['0', 'false', 'no', 'off'].includes(value)) this.problem(name, 'is neither true nor false');
    return false;
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    this.problem(name, `is no whole number from ${least} to ${most}`);
    return undefined;
  }

  list(name: string): string[] {
    const parts = this.text(name)?.split(',') ?? [];
    return parts.map((part) => part.trim()).filter(Boolean);
  }

  /** Names the variable, never its value: it may be a secret. */
  problem(name: string, what: string): void {
    this.problems.push(`${name} ${what}`);
  }
}
