/** A journal as a killed process leaves it: always a copy, so that the next client finds what the last one left. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A folder of its own; the result of `remove` is that it is gone. */
export function freshFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'runnel-faults-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Copies a journal and its write-ahead log. */
export function copyJournal(from: string, to: string): void {
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
}

export interface JournalRow {
  readonly n: number;
  readonly id: string;
}

/** What is committed behind row `after`, oldest first. */
export function rowsAfter(journal: string, after: number): readonly JournalRow[] {
  if (!existsSync(journal)) return [];
  return withCopy(journal, (db) => {
    // A client that was killed while it made the file has committed nothing.
    const made = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'envelopes'").get();
    if (!made) return [];
    const rows = db.prepare('SELECT n, id FROM envelopes WHERE n > ? ORDER BY n').all(after);
    return rows.map(({ n, id }) => ({ n: Number(n), id: String(id) }));
  });
}

/** Calls `look` with a copy of the journal, which is deleted afterwards. */
export function withCopy<T>(journal: string, look: (db: DatabaseSync) => T): T {
  const { path, remove } = freshFolder();
  try {
    copyJournal(journal, join(path, 'journal.db'));
    const db = new DatabaseSync(join(path, 'journal.db'));
    try {
      return look(db);
    } finally {
      db.close();
    }
  } finally {
    remove();
  }
}

/** What a row's `bytes` say. */
export const textOf = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
