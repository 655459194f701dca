/** The full disk: `troubledDisk` on a small tmpfs, in a process that has one. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DiskReport } from './disk.ts';
import { namespaceCommand } from './small-disk.ts';

const FILE = join(import.meta.dirname, 'full-disk-process.ts');

/** Why a full disk cannot be tried on this system; undefined if it can. */
export function noSmallDisk(): string | undefined {
  return namespaceCommand() ? undefined : 'neither a user nor root may mount a tmpfs here (unshare --mount)';
}

/** Rejects if the run itself cannot go on. */
export async function fullDisk(): Promise<DiskReport> {
  const [command, ...options] = namespaceCommand() ?? ['unshare'];
  const node = [process.execPath, '--conditions=source', FILE];
  const { stdout } = await promisify(execFile)(command as string, [...options, ...node]);
  return JSON.parse(stdout);
}
