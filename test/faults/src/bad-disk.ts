/** A disk that answers with errors, or writes by halves: a library that is compiled here and preloaded into the client. R4. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type DiskReport, troubledDisk } from './disk.ts';
import { freshFolder } from './journal-files.ts';

const SOURCE = join(import.meta.dirname, '../shim/bad-disk.c');

/** `e`: EIO for each write and sync. `s`: every other write is cut to a half, which whoever writes has to notice. */
type Mode = 'e' | 's';
const FINE = '-';

/** Why it cannot be tried on this system; undefined if it can. */
export function noBadDisk(): string | undefined {
  if (process.platform !== 'linux') return 'libraries are preloaded on Linux alone';
  return spawnSync('cc', ['--version']).status === 0 ? undefined : 'no C compiler (cc)';
}

/** Rejects if the run itself cannot go on. */
export async function badDisk(mode: Mode): Promise<DiskReport> {
  const { path, remove } = freshFolder();
  const files = join(path, 'journal');
  mkdirSync(files);
  const control = openSync(join(path, 'mode'), 'w');
  const turn = (to: Mode | typeof FINE) => void writeSync(control, to, 0);
  turn(FINE);
  const env = { LD_PRELOAD: compiled(path), BAD_DISK_FILES: files, BAD_DISK_MODE: join(path, 'mode') };
  const trouble = { path: files, begin: () => turn(mode), end: () => turn(FINE), env };
  try {
    return mode === 'e'
      ? await troubledDisk('EIO', trouble, { starts: true })
      : await troubledDisk('short writes', trouble, { starts: false, isNoticed: false });
  } finally {
    closeSync(control);
    remove();
  }
}

function compiled(folder: string): string {
  const library = join(folder, 'bad-disk.so');
  const { status, stderr } = spawnSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl']);
  if (status !== 0) throw new Error(`the shim does not compile: ${stderr}`);
  return library;
}
