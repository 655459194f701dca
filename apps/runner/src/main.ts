/**
 * The runner of the dev loop. It does its job until SIGINT or SIGTERM, then sends what is left and closes its channels, all within 3 s. Exits
 * with 0 then, with 1 when no picture can be read any more, and with 2 when there is nothing to begin with.
 */
import { systemClock } from '@runnel/protocol';
import { createRunner } from '@runnel/runner';
import { type FrameSource, InputError, openFrames } from './frames.ts';
import { runJob } from './job.ts';
import { type CommandLine, readCommandLine } from './options.ts';
import { frameOutput } from './output.ts';
import { narrator } from './say.ts';
import { watchVitals } from './vitals.ts';

const CLOSE_MS = 2_000;
/** npm and turbo hand on a signal that the terminal has sent already: what follows within this time is the same one. */
const SAME_SIGNAL_MS = 1_000;

const stopping = new AbortController();
obeySignals();
// When turbo went first, nobody reads.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const commandLine = readCommandLine(process.argv.slice(2), process.env);
try {
  await run(commandLine, await openFrames(commandLine.input, commandLine.size));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode ??= 2;
}

async function run({ addresses, fps, size }: CommandLine, source: FrameSource): Promise<void> {
  const clock = systemClock;
  const vitals = watchVitals(clock, stopping.signal);
  const runner = createRunner({ ...addresses, vitals: vitals() });
  const output = frameOutput(runner.urls.out ?? '');
  const say = narrator(runner);
  // The clock's timers do not keep a process alive, and without a server there is nothing else that does.
  const alive = setInterval(() => {}, 2 ** 30);
  say.start({ source, size, fps });
  try {
    await runJob({ runner, source, output, vitals: vitals(), size, fps, clock, onStats: say.stats }, stopping.signal);
  } catch (error) {
    process.exitCode = 1;
    throw error;
  } finally {
    stopping.abort();
    await Promise.all([output.close(CLOSE_MS), runner.close({ deadlineMs: CLOSE_MS })]);
    say.stopped();
    clearInterval(alive);
  }
}

function obeySignals(): void {
  let first: number | undefined;
  const onSignal = () => {
    first ??= performance.now();
    stopping.abort();
    if (performance.now() - first >= SAME_SIGNAL_MS) process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
}
