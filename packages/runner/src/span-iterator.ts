/** Generators within a span: each step is run in it, and the span ends with the last. EGRESS 4.16. */

type Step = 'next' | 'return' | 'throw';
type Result = IteratorResult<unknown>;
type Stepping = { [name in Step]?: (value?: unknown) => Result | Promise<Result> };

export interface Follower {
  readonly within: <R>(work: () => R) => R;
  readonly done: <V>(value: V) => V;
  readonly failed: (error: unknown) => never;
}

// What generators inherit their own shape from: it makes them iterable, disposable, and gives them map, filter and the like.
const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
const asyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
);

/** Whether `value` is a generator, or an iterator that has their shape; a stream is neither. */
export function isIterator(value: unknown): value is Stepping {
  if (typeof value !== 'object' || value === null || !('next' in value)) return false;
  return Object.prototype.isPrototypeOf.call(iteratorPrototype, value) || isAsync(value);
}

/** An iterator of the same kind that ends the span when it ends: by itself, by a throw, or because its reader goes. */
export function followIterator(inner: Stepping, { within, done, failed }: Follower): Stepping {
  const settle = (result: Result) => (result.done ? done(result) : result);
  const step = (name: Step) => (value?: unknown) => {
    try {
      const result = within(() => take(inner, name, value));
      return result instanceof Promise ? result.then(settle, failed) : settle(result as Result);
    } catch (error) {
      return failed(error);
    }
  };
  const prototype = isAsync(inner) ? asyncIteratorPrototype : iteratorPrototype;
  return Object.assign(Object.create(prototype), { next: step('next'), return: step('return'), throw: step('throw') });
}

function take(inner: Stepping, name: Step, value: unknown): Result | Promise<Result> {
  const method = inner[name];
  if (method !== undefined) return method.call(inner, value);
  // Only generators have all three. One that cannot be told to end ends here.
  if (name === 'throw') throw value;
  return { done: true, value };
}

const isAsync = (value: object) => Object.prototype.isPrototypeOf.call(asyncIteratorPrototype, value);
