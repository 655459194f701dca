/** Numbered files beside the one that is written. */
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Renames the file at `path` to the next number and deletes all but the newest `keep` of those that have one. */
export async function rotate(path: string, keep: number = Number.POSITIVE_INFINITY): Promise<void> {
  const numbers = await rotated(path);
  const next = (numbers.at(-1) ?? 0) + 1;
  await rename(path, `${path}.${next}`);
  const surplus = Math.max(0, numbers.length + 1 - keep);
  for (const number of numbers.slice(0, surplus)) await rm(`${path}.${number}`, { force: true });
}

/** The numbers that are taken, lowest first. */
async function rotated(path: string): Promise<number[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(join(dirname(path), '.'));
  const ends = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return ends
    .filter((end) => /^[1-9]\d{0,14}$/.test(end))
    .map(Number)
    .sort((a, b) => a - b);
}
