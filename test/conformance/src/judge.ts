/** Runs one case and says what it found. */
import type { Case } from './case.ts';
import { type Need, unmet } from './features.ts';
import type { LoopWatch } from './loop-watch.ts';
import { Mismatch, NotApplicable } from './mismatch.ts';
import type { Result } from './report.ts';
import { Wire, type WireOptions } from './wire/wire.ts';

/** A case that failed while this process was starved is run so often before the failure is taken as the server's. */
const ATTEMPTS = 3;

export interface Circumstances extends WireOptions {
  readonly abort: AbortSignal;
  readonly loop: LoopWatch;
}

export type Finding = Pick<Result, 'verdict' | 'expected' | 'came' | 'reason'>;

/** Runs the case on a wire of its own, which is gone afterwards. Never rejects. */
export async function judge(test: Case, circumstances: Circumstances): Promise<Finding> {
  const missing = unmet(test.needs, circumstances.features);
  if (missing !== undefined) return { verdict: 'not applicable', reason: reasonOf(missing) };
  for (let attempt = 1; ; attempt += 1) {
    const began = performance.now();
    const finding = await attemptOf(test, circumstances);
    const inDoubt = finding.verdict === 'fail' && circumstances.loop.stalledSince(began);
    if (!inDoubt || attempt === ATTEMPTS || circumstances.stop !== undefined || circumstances.abort.aborted)
      return finding;
  }
}

async function attemptOf(test: Case, { abort, ...options }: Circumstances): Promise<Finding> {
  const wire = new Wire(options);
  const cut = () => wire.cut();
  abort.addEventListener('abort', cut);
  try {
    await test.run(wire);
    return { verdict: 'pass' };
  } catch (error) {
    if (error instanceof NotApplicable) return { verdict: 'not applicable', reason: error.message };
    return { verdict: 'fail', ...differenceOf(error, test) };
  } finally {
    abort.removeEventListener('abort', cut);
    if (!abort.aborted) await wire.cleanUp();
    wire.cut();
  }
}

function differenceOf(error: unknown, test: Case): { expected: string; came: string } {
  if (error instanceof Mismatch) return { expected: error.expected, came: error.came };
  return { expected: test.title, came: error instanceof Error ? error.message || error.name : String(error) };
}

function reasonOf(need: Need): string {
  return need.startsWith('!') ? `the server has ${need.slice(1)}` : `needs ${need}`;
}
