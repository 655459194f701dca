/** The operations a sequence is made of, and how fast-check makes one. Ids are given in order of appearance, so that a sequence is readable when it is printed. */
import fc from 'fast-check';

export type Operation =
  | { kind: 'create' }
  | { kind: 'post'; id: number; seq: number; reset: boolean }
  | { kind: 'write'; id: number; bytes: string }
  | { kind: 'end'; id: number }
  | { kind: 'abort'; id: number }
  | { kind: 'cancel'; id: number }
  | { kind: 'get'; id: number; seq: number }
  | { kind: 'close'; seq: number }
  | { kind: 'delete' }
  | { kind: 'advance'; ms: number };

/** An operation before it knows which requests there are: `pick` chooses among the open ones, `near` is a seq relative to the head. */
export interface Draft {
  readonly kind: Operation['kind'];
  readonly pick: number;
  readonly seq: { readonly near: number } | { readonly exactly: number };
  readonly size: number;
  readonly ms: number;
  readonly reset: boolean;
}

const weighted = (weights: Record<Operation['kind'], number>) =>
  fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Operation['kind']) })),
  );

export const draft: fc.Arbitrary<Draft> = fc.record({
  kind: weighted({
    create: 2,
    post: 10,
    write: 14,
    end: 8,
    abort: 4,
    get: 12,
    cancel: 3,
    close: 3,
    delete: 1,
    advance: 8,
  }),
  pick: fc.nat(1000),
  seq: fc.oneof(
    { weight: 6, arbitrary: fc.record({ near: fc.integer({ min: -8, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ exactly: fc.constantFrom(-1, -2, -3, -9, 0, 1, 2, 7, 1000) }) },
  ),
  size: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.constant(70_000) },
  ),
  ms: fc.oneof(fc.integer({ min: 1, max: 1500 }), fc.constantFrom(1000, 5000, 10_000, 30_000, 300_000)),
  reset: fc.boolean(),
});

/** Makes a draft exact against what is open now; undefined if there is nothing it could be about. */
export function exact(
  from: Draft,
  open: { head: number; writers: number[]; readers: number[]; nextId: number },
): Operation | undefined {
  const seq = 'near' in from.seq ? Math.max(-1, open.head + from.seq.near) : from.seq.exactly;
  const among = (ids: number[]) => ids[from.pick % Math.max(1, ids.length)];
  switch (from.kind) {
    case 'post':
      return { kind: 'post', id: open.nextId, seq, reset: from.reset && from.pick % 5 === 0 };
    case 'get':
      return { kind: 'get', id: open.nextId, seq };
    case 'close':
      return { kind: 'close', seq: Math.max(0, seq) };
    case 'advance':
      return { kind: 'advance', ms: from.ms };
    case 'create':
    case 'delete':
      return { kind: from.kind };
    default: {
      const id = among(from.kind === 'cancel' ? open.readers : open.writers);
      if (id === undefined) return undefined;
      if (from.kind === 'write') return { kind: 'write', id, bytes: text(id, from.pick, from.size) };
      return { kind: from.kind, id };
    }
  }
}

/** Bytes that tell who wrote them. */
const text = (id: number, salt: number, size: number) => `${id}.${salt};`.repeat(Math.ceil(size / 4)).slice(0, size);
