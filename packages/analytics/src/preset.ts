/** What is specific to one kind of statistic, as a declaration: which field is reduced how. EGRESS 3.15. */
import { type Reducer, reduce } from './reducers.ts';

export interface Rule {
  readonly by: Reducer;
  /** The field that is read. Default: the field of the same name. */
  readonly of?: string;
  /** Leave values of 0 out. */
  readonly nonZero?: boolean;
}

export interface Fields {
  readonly fields: Readonly<Record<string, Reducer | Rule>>;
  /** Members that are lists of objects with fields of their own. Without `per` the elements of all lists become one. */
  readonly lists?: Readonly<Record<string, Fields & { readonly per?: string; readonly keep?: 'highest' }>>;
}

/** `per` makes one element of each value of that field, and `keep: 'highest'` leaves the one with the highest. */
export interface Preset extends Fields {
  /** Short and stable: it is stamped on what comes out. */
  readonly name: string;
}

/** One sample of a statistic. */
export type Sample = Readonly<Record<string, unknown>>;

/** Reduces samples, oldest first, to one. A field that no sample has is absent. */
export function coalesce(samples: readonly Sample[], { fields, lists = {} }: Fields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(fields)) {
    const rule = ruleOf(given);
    const values = samples.map((sample) => sample[rule.of ?? name]);
    const value = reduce(rule.by, rule.nonZero ? values.filter((each) => each !== 0) : values);
    if (value !== undefined) result[name] = value;
  }
  for (const [name, list] of Object.entries(lists)) {
    const groups = grouped(elements(samples, name), list);
    if (groups.length > 0) result[name] = groups.map((group) => coalesce(group, list));
  }
  return result;
}

/** The first summed field whose value is no count, in `sample` or in its lists: negative, not finite, or no number. */
export function badCounter(sample: Sample, { fields, lists = {} }: Fields): string | undefined {
  for (const [name, given] of Object.entries(fields)) {
    const { by, of = name } = ruleOf(given);
    const value = sample[of];
    if (by === 'sum' && value !== undefined && !(Number.isFinite(value) && (value as number) >= 0)) return of;
  }
  for (const [name, list] of Object.entries(lists)) {
    for (const element of elements([sample], name)) {
      const bad = badCounter(element, list);
      if (bad !== undefined) return `${name}.${bad}`;
    }
  }
  return undefined;
}

const ruleOf = (rule: Reducer | Rule): Rule => (typeof rule === 'string' ? { by: rule } : rule);

function elements(samples: readonly Sample[], name: string): Sample[] {
  return samples.flatMap((sample) => (sample[name] as readonly Sample[] | undefined) ?? []);
}

function grouped(all: readonly Sample[], { per, keep }: { per?: string; keep?: 'highest' }): (readonly Sample[])[] {
  if (all.length === 0) return [];
  if (per === undefined) return [all];
  const groups = Map.groupBy(all, (element) => Number(element[per] ?? 0));
  if (keep !== 'highest') return [...groups.values()];
  return [groups.get(Math.max(...groups.keys())) as Sample[]];
}
