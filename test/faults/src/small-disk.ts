/** A disk of its own, small enough to be filled: a tmpfs in a mount namespace, which is gone with the process that made it. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { freshFolder } from './journal-files.ts';

export interface SmallDisk {
  readonly path: string;
  /** Takes all room that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
}

/** Ways into a namespace in which one may mount: as nobody in particular, and as root where users may not have namespaces. */
const WAYS = [
  ['unshare', '--user', '--map-root-user', '--mount'],
  ['unshare', '--mount'],
] as const;

/** The command that a program is started with in order to mount; undefined where this system has none. */
export function namespaceCommand(): readonly string[] | undefined {
  return WAYS.find(([command, ...options]) => {
    const { path, remove } = freshFolder();
    const { status } = spawnSync(command, [...options, 'mount', '-t', 'tmpfs', 'tmpfs', path]);
    remove();
    return status === 0;
  });
}

/** Mounts it; only in a namespace. */
export function smallDisk(mebibytes: number): SmallDisk {
  const { path } = freshFolder();
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path]);
  if (status !== 0) throw new Error(`no tmpfs at ${path}: ${stderr}`);
  const ballast = join(path, 'ballast');
  return { path, fill: () => fill(ballast), free: () => rmSync(ballast, { force: true }) };
}

function fill(ballast: string): void {
  const file = openSync(ballast, 'a');
  const page = Buffer.alloc(4096);
  try {
    while (writeSync(file, page) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
