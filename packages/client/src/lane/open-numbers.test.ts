import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenNumbers } from './open-numbers.ts';

test('the lowest and the count are those of a set, in whatever order numbers are closed', () => {
  const close = fc.record({ close: fc.integer({ min: 0, max: 5000 }) });
  const open = fc.record({ open: fc.integer({ min: 1, max: 2000 }) });
  const inOrder = fc.record({ next: fc.integer({ min: 1, max: 2000 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(close, open, inOrder), { maxLength: 40 }), (steps) => {
      const numbers = new OpenNumbers();
      const model = new Set<number>();
      let last = 0;
      for (const step of steps) {
        if ('open' in step) {
          for (let n = 0; n < step.open; n++) {
            last += 1 + (n % 2);
            numbers.open(last);
            model.add(last);
          }
        } else {
          const closed = 'close' in step ? [step.close] : [...model].slice(0, step.next);
          for (const n of closed) {
            numbers.close(n);
            model.delete(n);
          }
        }
        expect([numbers.lowest, numbers.size]).toEqual([model.values().next().value, model.size]);
      }
    }),
    { numRuns: 100 },
  );
});
