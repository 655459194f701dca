/** Has a request carried out: by the relay that has the journal, or here where none has. */

import { DatabaseSync } from 'node:sqlite';
import { type Clock, pause, systemClock, TrickleError } from '@runnel/protocol';
import type { Answer } from './errands.ts';
import { tryLock } from './lock.ts';
import { openJournal } from './open.ts';
import { openReader } from './reader.ts';
import { carryOut, type Report, type Request } from './request.ts';

export interface AskOptions {
  readonly clock?: Clock;
  /** Told how far it is. */
  readonly onProgress?: Report;
  /** Stops waiting; a relay that has begun goes on. */
  readonly signal?: AbortSignal;
}

const LOOK_MS = 100;

/** Resolves with the number of envelopes concerned. Rejects with TrickleError `invalid` for what cannot be done, `aborted`, and `gave_up` if the relay is stopped before it has done it. */
export async function askJournal(path: string, request: Request, options: AskOptions = {}): Promise<number> {
  openReader(path).close();
  const lock = tryLock(path);
  if (!lock) return askRelay(path, request, options);
  lock.release();
  const journal = openJournal({ path });
  try {
    return await carryOut(request, journal, new Map(), options.onProgress);
  } finally {
    journal.close();
  }
}

async function askRelay(
  path: string,
  request: Request,
  { clock = systemClock, onProgress = () => {}, signal }: AskOptions,
): Promise<number> {
  const db = new DatabaseSync(path, { timeout: 2000 });
  try {
    const insert = db.prepare('INSERT INTO requests (asked, asked_at) VALUES (?, ?)');
    const row = insert.run(JSON.stringify(request), Math.trunc(clock.wall())).lastInsertRowid;
    const look = db.prepare('SELECT done, total, answer FROM requests WHERE request = ?');
    for (;;) {
      const { done, total, answer } = look.get(row) ?? {};
      if (typeof answer === 'string') return answered(JSON.parse(answer));
      if (typeof done === 'number' && typeof total === 'number') onProgress(done, total);
      if (signal?.aborted) throw new TrickleError('aborted', 'Interrupted.');
      const lock = tryLock(path);
      lock?.release();
      if (lock)
        throw new TrickleError(
          'gave_up',
          'the relay was stopped before it had done it; the next one that uses the journal will',
        );
      await pause(clock, LOOK_MS, signal, { keepAlive: true });
    }
  } finally {
    db.close();
  }
}

function answered(answer: Answer): number {
  if ('error' in answer) throw new TrickleError('invalid', answer.error);
  return answer.count;
}
