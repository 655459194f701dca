/** Carries out the requests that other processes have written into the journal, one after the other, while its relay runs. */
import type { Clock } from '@runnel/protocol';
import type { Journal } from './journal.ts';
import { carryOut, type Holdable, type Request } from './request.ts';

const LOOK_MS = 250;

/** Looks for requests until the result is called. */
export function runErrands(journal: Journal, lanes: ReadonlyMap<string, Holdable>, clock: Clock): () => void {
  const { asked, answer, progress } = journal.store.statements;
  let stopped = false;
  let cancel = () => {};

  async function look(): Promise<void> {
    const row = asked.get();
    if (!row) return;
    const request = Number(row.request);
    const said = await reply(JSON.parse(String(row.asked)) as Request, request);
    if (!stopped) answer.run(JSON.stringify(said), request);
  }

  async function reply(request: Request, row: number): Promise<Answer> {
    try {
      const count = await carryOut(request, journal, lanes, (done, total) => stopped || progress.run(done, total, row));
      return { count };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  function again(): void {
    // A disk that is full, or a file that another has locked, is no reason not to look again.
    cancel = clock.after(
      LOOK_MS,
      () =>
        void look()
          .catch(() => {})
          .finally(() => stopped || again()),
    );
  }

  again();
  return () => {
    stopped = true;
    cancel();
  };
}

/** What stands in the row when it is done. */
export type Answer = { readonly count: number } | { readonly error: string };
