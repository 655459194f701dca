/** Processes where they belong: on a core of their own where the machine allows, gone with the bench, profiled where that is asked. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';

/** Where processes run: servers under test on one core, the generator on another. */
export const Core = { server: 0, load: 1 } as const;

/** Whether processes are pinned here, in words for the report. */
export const pinning: string =
  process.platform !== 'linux' || spawnSync('taskset', ['-V']).error !== undefined
    ? 'not pinned: there is no taskset here'
    : availableParallelism() < 2
      ? 'not pinned: there is only one core'
      : 'the servers on core 0, the load generator on core 1';

const children = new Set<ChildProcess>();

/** Ends every process that was started, at once: what is left to do when the bench itself is ended. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Spawns a program with all its pipes. `mute` throws its stderr away unread. */
export function spawnOn(core: number | undefined, program: string, args: readonly string[], env = {}, mute = false) {
  const pinned = core === undefined || pinning.startsWith('not') ? [] : ['taskset', '-c', String(core)];
  const muted = mute ? ['sh', '-c', 'exec "$0" "$@" 2>/dev/null'] : [];
  const profiles = process.env.RUNNEL_BENCH_PROFILES;
  const profiling =
    profiles && program === process.execPath
      ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${profileName(args)}`]
      : [];
  const [file = program, ...all] = [...pinned, ...muted, program, ...profiling, ...args];
  const child = spawn(file, all, { env: { ...process.env, ...env }, stdio: 'pipe' });
  children.add(child);
  child.once('close', () => children.delete(child));
  child.stdin.on('error', () => {}); // One that is gone needs no more lines; its exit tells.
  return child;
}

let profiled = 0;

/** After the file that runs: `ours-4711-1.cpuprofile`. */
function profileName(args: readonly string[]): string {
  const script = args.find((arg) => arg.endsWith('.ts')) ?? 'program';
  return `${basename(script, '.ts')}-${process.pid}-${++profiled}.cpuprofile`;
}
