/** One relay a journal: an exclusive lock on a small file beside it, which the system frees however the process dies. EGRESS 2.16. */
import { DatabaseSync } from 'node:sqlite';
import { TrickleError } from '@runnel/protocol';
import { isBusy } from './sqlite-error.ts';

export interface Lock {
  release(): void;
}

/** Takes the lock of the journal at `path`, waiting for it for so long, or returns undefined if another process, or this one, has it. The journal itself stays open to readers. */
export function tryLock(path: string, waitMs = 0): Lock | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(`${path}.lock`, { timeout: waitMs });
    // A transaction that stays open: SQLite's own locking does what node has no call for.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (isBusy(error)) return undefined;
    throw new TrickleError(
      'invalid',
      `the journal ${path} cannot be locked: ${(error as Error).message}; its folder must exist and be writable`,
      { cause: error },
    );
  }
  return { release: () => db.close() };
}

/** Whoever only looks whether a relay runs has the lock for less than this. */
const PATIENCE_MS = 200;

/** As `tryLock`. Throws TrickleError `invalid` if there is another. */
export function lock(path: string): Lock {
  const taken = tryLock(path, PATIENCE_MS);
  if (!taken) {
    throw new TrickleError(
      'invalid',
      `another relay uses the journal ${path}: stop it, or give this one a journal of its own`,
    );
  }
  return taken;
}
