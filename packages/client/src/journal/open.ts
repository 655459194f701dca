/** Opens a journal: takes its lock, checks it, and where it is damaged moves it aside and goes on with what can be read of it. */
import { existsSync, realpathSync } from 'node:fs';
import { type Clock, systemClock, TrickleError } from '@runnel/protocol';
import { moveAside, moveBack } from './aside.ts';
import { NoJournal, prepareTables } from './check.ts';
import { Journal } from './journal.ts';
import { lock } from './lock.ts';
import { salvage } from './salvage.ts';
import { isDamaged, isUnopenable, isUnwritable } from './sqlite-error.ts';
import { connect, Store } from './store.ts';
import { createTables } from './tables.ts';
import type { Bounds } from './trim.ts';

export interface JournalOptions extends Partial<Bounds> {
  /** The file; it is made if it is missing, its folder is not. Default: none, everything is in memory and gone with the process. */
  readonly path?: string;
  readonly clock?: Clock;
  /** What is appended is committed within so many milliseconds (25) … */
  readonly commitMs?: number;
  /** … or when so many envelopes wait (4,096). 1: with each append. */
  readonly commitEnvelopes?: number;
  /** Where a sink begins that the journal has never seen: at what comes from now on (default), or at the oldest that is kept. */
  readonly newSink?: 'now' | 'oldest';
  /** Gets a sentence about what a person should know. Default: standard error. */
  readonly onWarning?: (sentence: string) => void;
}

const MIB = 1024 * 1024;
/** In memory about what a laptop does not notice, in a file what a disk does not. */
const IN_MEMORY = { maxBytes: 64 * MIB, maxEnvelopes: 100_000, keepMs: 0 };
const IN_FILE = { maxBytes: 1024 * MIB, maxEnvelopes: 10_000_000, keepMs: 3_600_000 };
const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * The journal at `path`, or one in memory. Bounds: 1 GiB, 10,000,000 envelopes and a week in a file, where what all sinks have settled stays for an hour; 64 MiB
 * and 100,000 envelopes in memory. Throws TrickleError `invalid` if another relay uses the file, its folder is missing or not writable, a newer version made it, or it has to be made on a disk that
 * cannot be written. The caller closes it, or the relay it is given to does.
 */
export function openJournal(options: JournalOptions = {}): Journal {
  const { path, clock = systemClock, commitMs = 25, commitEnvelopes = 4096, newSink = 'now' } = options;
  const { onWarning: warn = (sentence) => console.error(sentence) } = options;
  const setup = { path, clock, commitMs, commitEnvelopes, newSink, warn, bounds: boundsOf(options) };
  if (path === undefined) return new Journal({ ...setup, store: inMemory(), release: () => {} });
  const { release } = lock(real(path));
  try {
    const { store, cursorsLost } = open(path, clock, warn);
    return new Journal({ ...setup, store, release, ...(cursorsLost && { newSink: 'oldest' }) });
  } catch (error) {
    release();
    throw asTold(path, error);
  }
}

function asTold(path: string, error: unknown): unknown {
  const why = isUnwritable(error)
    ? 'its disk is full or cannot be written'
    : isUnopenable(error) && 'its folder must exist and both be writable';
  return why ? new TrickleError('invalid', `the journal ${path} cannot be opened: ${why}`, { cause: error }) : error;
}

function boundsOf(options: JournalOptions): Bounds {
  return {
    ...(options.path === undefined ? IN_MEMORY : IN_FILE),
    maxAgeMs: WEEK_MS,
    maxWaiting: 50_000,
    maxWaitingBytes: 32 * MIB,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
}

/** `cursorsLost`: nobody knows any more what the sinks have had. */
interface Opened {
  readonly store: Store;
  readonly cursorsLost: boolean;
}

function open(path: string, clock: Clock, warn: (sentence: string) => void): Opened {
  try {
    return { store: checked(path), cursorsLost: false };
  } catch (error) {
    // Before damage: that the index of a log cannot be written says nothing of the file.
    if (isUnwritable(error)) return { store: withoutWriting(path, warn), cursorsLost: false };
    if (!isDamaged(error) && !(error instanceof NoJournal)) throw error;
    return replaced(path, clock, warn, (error as Error).message);
  }
}

/** Alone with the file SQLite needs no index beside it: what is in it is delivered, and what comes waits for room. */
function withoutWriting(path: string, warn: (sentence: string) => void): Store {
  const store = checked(path, 'PRAGMA locking_mode = exclusive');
  warn(
    `the journal ${path} was opened on a disk that cannot be written: nobody else can read it until this relay ends`,
  );
  return store;
}

function replaced(path: string, clock: Clock, warn: (sentence: string) => void, why: string): Opened {
  const aside = moveAside(path, clock);
  let store: Store | undefined;
  try {
    store = checked(path);
    const { found, lost, cursorsLost } = salvage(aside, store);
    warn(
      `the journal ${path} could not be used (${why}) and is now ${aside}, for you to look at or delete: ${found} events that no sink, or not every sink, has had were read from it, ${lost ?? 'an unknown number'} are lost`,
    );
    return { store, cursorsLost };
  } catch (error) {
    store?.close();
    // What could be read of it has no place yet; a start that finds room for it must find it where it was.
    if (isUnwritable(error)) moveBack(aside, path);
    throw error;
  }
}

function checked(path: string, mode = ''): Store {
  const db = connect(path);
  try {
    db.exec(mode);
    prepareTables(db, path);
    return new Store(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function inMemory(): Store {
  const db = connect(':memory:');
  createTables(db);
  return new Store(db);
}

/** Two paths to one file are one journal. */
function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
