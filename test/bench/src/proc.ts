/** What the kernel knows of a process. Linux alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

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

const LOOK_MS = 100;
const REST = 0.1;
const REST_MS = 5_000;

/** Resolves once a process does next to nothing, at most five seconds later: what it has left to do would be done while another is measured. */
export async function atRest(pid: number): Promise<void> {
  for (const end = performance.now() + REST_MS; performance.now() < end; ) {
    const before = cpuOf(pid);
    await sleep(LOOK_MS);
    if (cpuOf(pid) - before < LOOK_MS * 1000 * REST) return;
  }
}

/** The memory of a process that is resident, in bytes. */
export function rssOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
