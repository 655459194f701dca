/** Puts a file that cannot be used out of the way, with what SQLite keeps beside it. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import type { Clock } from '@runnel/protocol';

/** Renames `path` and its -wal and -shm, and returns the new name. */
export function moveAside(path: string, clock: Clock): string {
  const stamp = new Date(clock.wall()).toISOString().replace(/[:.]/g, '-');
  let aside = `${path}.damaged-${stamp}`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${stamp}-${n}`;
  rename(path, aside);
  return aside;
}

/** Takes that back: what has been made at `path` since is deleted. Nobody may have it open. */
export function moveBack(aside: string, path: string): void {
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
  rename(aside, path);
}

const SUFFIXES = ['', '-wal', '-shm'];

function rename(from: string, to: string): void {
  for (const suffix of SUFFIXES) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
}
