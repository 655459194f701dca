/** What the kernel knows of a process. Linux alone. */
import { readdirSync, readFileSync } from 'node:fs';

/** The processor time that a process has used so far, all threads together, in microseconds. */
export function cpuOf(pid: number): number {
  const ns = readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0; // The thread is over.
    }
  });
  return ns.reduce((sum, each) => sum + each, 0) / 1000;
}

/** The memory of a process that is resident, in bytes. */
export function rssOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
