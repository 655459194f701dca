/** Starts our server as a set-up says and holds it against the suite. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createTrickle, serve } from '@runnel/server';
import { type ConformanceOptions, parseFeatures, type Report, runConformance } from '../src/index.ts';
import type { Setup } from './setups.ts';

/** What the suite needs to know of a server that runs, and how to end it. */
interface Running extends Pick<ConformanceOptions, 'url' | 'fetch' | 'stop'> {
  readonly end: () => Promise<unknown>;
}

/** Runs the suite against our server in this set-up. The server is stopped by the cases about stopping, and in any case at the end. */
export async function holdOurs(setup: Setup, only: readonly string[] | undefined = setup.only): Promise<Report> {
  const { url, fetch, stop, end } = await start(setup);
  try {
    return await runConformance({ url, fetch, stop, features: parseFeatures(setup.features), only });
  } finally {
    await end();
  }
}

function start(setup: Setup): Promise<Running> {
  if (setup.reached === 'child') return startChild(setup);
  return setup.reached === 'fetch' ? startInProcess(setup) : startListener(setup);
}

async function startListener({ options }: Setup): Promise<Running> {
  const { url, close } = await serve(options);
  return { url, stop: () => void close(), end: close };
}

async function startInProcess({ options }: Setup): Promise<Running> {
  const { fetch, stop } = createTrickle(options);
  return { url: 'http://in.process/', fetch, stop: () => void stop(), end: stop };
}

async function startChild({ options }: Setup): Promise<Running> {
  const child = fork(new URL('./child.ts', import.meta.url), [JSON.stringify(options)], {
    execArgv: ['--conditions=source'],
  });
  const gone = once(child, 'exit');
  const [url] = (await once(child, 'message')) as [string];
  const stop = () => void child.kill('SIGTERM');
  return {
    url,
    stop,
    end: () => {
      stop();
      return gone;
    },
  };
}
