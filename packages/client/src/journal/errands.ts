/** Carries out what people ask of a journal while its relay runs, one after the other: what was asked here, and what other processes have written into its file. */
import { type Clock, TrickleError } from '@runnel/protocol';
import type { Journal } from './journal.ts';
import { carryOut, type Holdable, type Request } from './request.ts';

/** A request, and how far it is. */
export interface Errand {
  readonly id: number;
  readonly sink: string;
  readonly kind: Request['kind'];
  /** In milliseconds since 1970. */
  readonly askedAt: number;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** Envelopes dealt with, of how many; `total` is not known at first. */
  readonly done: number;
  readonly total: number | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

export interface Errands {
  /** Has it carried out and returns its id. Throws TrickleError `refused` while a hundred others wait, `aborted` after `stop`. */
  ask(request: Request): number;
  /** At most 20, oldest first: those that wait or run, and those that were asked for since the start. */
  readonly newest: readonly Errand[];
  /** Carries out nothing more. What runs stops at its next step, and is carried out anew by the next relay that has the file. */
  stop(): void;
}

const LOOK_MS = 250;
const MOST_WAITING = 100;

export function runErrands(journal: Journal, lanes: ReadonlyMap<string, Holdable>, clock: Clock): Errands {
  const { ask, asked, answer, countAsked, forgetRequests, newestRequests, progress } = journal.store.statements;
  const since = Math.trunc(clock.wall());
  let stopped = false;
  let running: number | undefined;
  /** What was carried out and could not be written, as on a full disk: it is written later, and not carried out again. */
  let unsaid: { readonly said: Answer; readonly row: number } | undefined;
  let looking = Promise.resolve();
  let cancel = () => {};

  async function look(): Promise<void> {
    say();
    for (let row = next(); row; row = next()) {
      running = Number(row.request);
      unsaid = { said: await reply(JSON.parse(String(row.asked)) as Request, running), row: running };
      say();
    }
  }

  function say(): void {
    if (!unsaid || stopped) return;
    answer.run(JSON.stringify(unsaid.said), unsaid.row);
    unsaid = undefined;
    running = undefined;
  }

  const next = () => (stopped ? undefined : asked.get());

  async function reply(request: Request, row: number): Promise<Answer> {
    try {
      const count = await carryOut(request, journal, lanes, (done, total) => stopped || tell(done, total, row));
      return { count };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  function tell(done: number, total: number, row: number): void {
    try {
      progress.run(done, total, row);
    } catch {
      // Nothing depends on it. A disk that is full is heard of where something does.
    }
  }

  function lookSoon(): Promise<void> {
    // A disk that is full, or a file that another has locked, is no reason not to look again.
    looking = looking.then(look).catch(() => {});
    return looking;
  }

  function lookAgain(): void {
    cancel = clock.after(LOOK_MS, () => void lookSoon().then(() => stopped || lookAgain()));
  }

  // Only a file is reached by others.
  if (journal.status.path !== undefined) lookAgain();
  return {
    ask(request) {
      if (stopped) throw new TrickleError('aborted', 'the relay is closed');
      if (Number(countAsked.get()?.count) >= MOST_WAITING)
        throw new TrickleError('refused', `${MOST_WAITING} requests wait already`);
      const { lastInsertRowid } = ask.run(JSON.stringify(request), Math.trunc(clock.wall()));
      forgetRequests.run();
      void lookSoon();
      return Number(lastInsertRowid);
    },
    get newest() {
      return stopped
        ? []
        : newestRequests
            .all(since)
            .map((row) => errand(row, running))
            .reverse();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/** What stands in the row when it is done. */
export type Answer = { readonly count: number } | { readonly error: string };

function errand(row: Readonly<Record<string, unknown>>, running: number | undefined): Errand {
  const { sink, kind } = JSON.parse(String(row.asked)) as Request;
  const said = row.answer === null ? undefined : (JSON.parse(String(row.answer)) as Answer);
  const count = said && 'count' in said ? said.count : undefined;
  const error = said && 'error' in said ? said.error : undefined;
  return {
    id: Number(row.request),
    sink,
    kind,
    askedAt: Number(row.asked_at),
    state: said ? (error === undefined ? 'done' : 'failed') : row.request === running ? 'running' : 'waiting',
    done: count ?? Number(row.done),
    total: count ?? (row.total === null ? undefined : Number(row.total)),
    error,
  };
}
