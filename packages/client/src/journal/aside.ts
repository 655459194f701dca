/** Puts a file that cannot be used out of the way, with what SQLite keeps beside it. */
import { existsSync, renameSync } from 'node:fs';
import type { Clock } from '@runnel/protocol';

/** Renames `path` and its -wal and -shm, and returns the new name. */
export function moveAside(path: string, clock: Clock): string {
  const stamp = new Date(clock.wall()).toISOString().replace(/[:.]/g, '-');
  let aside = `${path}.damaged-${stamp}`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${stamp}-${n}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
