import fc from 'fast-check';
import { expect, it } from 'vitest';
import { record } from './figures.ts';
import type { ModelSettings } from './model.ts';
import { draft } from './operations.ts';
import { runSequence } from './sequence.ts';

/** The idle times are no sum of the others: which of two things that are due at one moment comes first is nowhere said. */
const usual: ModelSettings = {
  autocreate: true,
  window: 5,
  keepMs: 30_000,
  holeMs: 1000,
  resumeMs: 5000,
  lingerMs: 0,
  tombstoneMs: 10_000,
  idleTimeoutMs: 300_000.5,
};

const settings = fc.constantFrom<ModelSettings>(
  usual,
  { ...usual, keepMs: 0 },
  { ...usual, lingerMs: 20_000 },
  { ...usual, window: 2, keepMs: 2_000, idleTimeoutMs: 20_000.5 },
);

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const path = process.env.FUZZ_PATH;

it(`PROTOCOL 4: server and model agree on ${runs} random sequences (seed ${seed})`, {
  timeout: 1_800_000,
}, async () => {
  const steps = new Map<string, number>();
  const property = fc.asyncProperty(
    settings,
    fc.array(draft, { minLength: 5, maxLength: 100, size: 'max' }),
    async (chosen, drafts) => {
      for (const { kind } of await runSequence(chosen, drafts)) steps.set(kind, (steps.get(kind) ?? 0) + 1);
    },
  );
  await fc.assert(property, { numRuns: runs, seed, ...(path === undefined ? {} : { path, endOnFailure: true }) });
  expect([...steps.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(runs);
  record('model', { sequences: runs, steps: Object.fromEntries([...steps].sort()), seed });
});
