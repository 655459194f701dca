/** The command line. */
import { type RunnerAddresses, runnerFromEnv } from '@runnel/runner';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Size } from './pipeline.ts';

export interface CommandLine {
  readonly addresses: RunnerAddresses;
  readonly input: string | undefined;
  readonly fps: number;
  readonly size: Size;
}

/** Reads arguments and environment. Writes help or a complaint and exits the process, with 0 or 2, where there is nothing to run. */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  const command = new Command('runner')
    .description('Runs frames through an image pipeline, publishes them, and sends telemetry about them.')
    .option('--url <url>', "the server's base URL", env.RUNNEL_URL || 'http://127.0.0.1:7800/')
    .option('--session <id>', 'the id of the session', env.RUNNEL_SESSION || 'demo')
    .option('--input <path>', 'a picture, or a folder of pictures; without it a test pattern')
    .option('--fps <number>', 'frames a second, 0.1 to 240', toFps, 10)
    .addOption(
      new Option('--size <size>', 'of the finished frames')
        .argParser(toSize)
        .default({ width: 640, height: 360 }, '640x360'),
    )
    .addHelpText(
      'after',
      '\nRUNNEL_EVENTS_URL, RUNNEL_CONTROL_URL and RUNNEL_OUT_URL name channels that are elsewhere.',
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const { url, session, input, fps, size } = command.parse(argv, { from: 'user' }).opts();
  try {
    return { addresses: runnerFromEnv({ ...env, RUNNEL_URL: url, RUNNEL_SESSION: session }), input, fps, size };
  } catch (error) {
    return command.error(`error: ${error instanceof Error ? error.message : error}`);
  }
}

function toFps(text: string): number {
  const fps = Number(text);
  if (!(fps >= 0.1 && fps <= 240)) throw new InvalidArgumentError('It must be a number from 0.1 to 240.');
  return fps;
}

function toSize(text: string): Size {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  const fits = (side: number | undefined) => side !== undefined && side >= 16 && side <= 8192;
  if (!fits(width) || !fits(height))
    throw new InvalidArgumentError('It must be like 640x360, each side from 16 to 8192.');
  return { width, height } as Size;
}
