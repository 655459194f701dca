/** Holds a server against the suite. */
import PQueue from 'p-queue';
import type { Case, Section } from './case.ts';
import { type Features, unmet } from './features.ts';
import { judge } from './judge.ts';
import { LoopWatch } from './loop-watch.ts';
import { Rendezvous } from './rendezvous.ts';
import type { Report, Result } from './report.ts';
import { sections } from './sections/index.ts';
import type { FetchHandler } from './wire/fetch-exchange.ts';

/** Many cases only wait for the server's own times, so they wait together. */
const AT_ONCE = 16;

export interface ConformanceOptions {
  /** Where the server is mounted, with or without the trailing slash. */
  readonly url: string | URL;
  /** What the server offers, from `parseFeatures` or `probeFeatures`. "sockets" and "stop" are known from the other options. */
  readonly features: Features;
  /** Sections (`3`, `3.2`) and ids of cases. Default: everything. */
  readonly only?: readonly string[] | undefined;
  /** Answers requests in place of a socket. Cases that look at framing or connections are not applicable then. */
  readonly fetch?: FetchHandler | undefined;
  /** Begins to stop the server; resolves at once. Called after all other cases are over. */
  readonly stop?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each result as it is there. */
  readonly onCase?: ((result: Result) => void) | undefined;
}

interface Job {
  readonly section: Section;
  readonly test: Case;
}

/**
 * Runs the cases against the server and reports on each, in the order of PROTOCOL.md. Rejects with the signal's reason when aborted, and
 * with RangeError when `only` names nothing. A server that fails, or is not there, is no error: the report says so. Cases use fresh channels
 * and delete them; nothing stays open.
 */
export async function runConformance(options: ConformanceOptions): Promise<Report> {
  const url = baseOf(options.url);
  const features = withRunFeatures(options);
  const jobs = jobsOf(options.only);
  const done = new Map<Job, Result>();
  const abort = options.signal ?? new AbortController().signal;
  abort.throwIfAborted();

  const loop = new LoopWatch();
  const judgeAndTell = async (job: Job, stop?: () => Promise<void>) => {
    const { verdict, ...why } = await judge(job.test, { url, features, fetch: options.fetch, stop, abort, loop });
    const { id, title, quote } = job.test;
    const result = { id, section: job.section.number, title, quote, verdict, ...why };
    done.set(job, result);
    options.onCase?.(result);
  };
  const phase = async (when: (test: Case) => boolean, concurrency: number) => {
    const queue = new PQueue({ concurrency });
    const due = jobs.filter(({ test }) => !wantsStop(test) && when(test));
    due.sort((a, b) => (b.test.seconds ?? 0) - (a.test.seconds ?? 0));
    await queue.addAll(due.map((job) => () => (abort.aborted ? undefined : judgeAndTell(job))));
    abort.throwIfAborted();
  };

  try {
    await phase((test) => test.alone === 'first', 1);
    await phase((test) => test.alone === undefined, AT_ONCE);
    await phase((test) => test.alone === 'last', 1);
    await stopTogether(jobs, features, options.stop, judgeAndTell);
  } finally {
    loop.stop();
  }
  abort.throwIfAborted();
  return { url: url.href, features: Object.fromEntries(features), results: jobs.flatMap((job) => done.get(job) ?? []) };
}

/** The cases about stopping share the one stop a server has: each prepares, then it is stopped, then each looks. */
async function stopTogether(
  jobs: readonly Job[],
  features: Features,
  stop: (() => void) | undefined,
  judgeAndTell: (job: Job, stop: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const due = jobs.filter(({ test }) => wantsStop(test));
  const able = due.filter(({ test }) => unmet(test.needs, features) === undefined);
  const rendezvous = new Rendezvous(able.length, () => stop?.());
  await Promise.all(
    due.map(async (job) => {
      const place = rendezvous.place();
      await judgeAndTell(job, () => place.arrive());
      if (able.includes(job)) place.leave();
    }),
  );
}

function wantsStop(test: Case): boolean {
  return test.needs?.includes('stop') ?? false;
}

function jobsOf(only: readonly string[] | undefined): Job[] {
  const jobs = sections.flatMap((section) => section.cases.map((test) => ({ section, test })));
  const strange = only?.find((name) => !jobs.some((job) => isNamed(job, name)));
  if (strange !== undefined) throw new RangeError(`"${strange}" is neither a section nor a case`);
  return only === undefined ? jobs : jobs.filter((job) => only.some((name) => isNamed(job, name)));
}

function isNamed({ section, test }: Job, name: string): boolean {
  return test.id === name || section.number === name || section.number.startsWith(`${name}.`);
}

function withRunFeatures({ features, fetch, stop }: ConformanceOptions): Features {
  const all = new Map(features);
  if (fetch === undefined) all.set('sockets', true);
  else all.delete('sockets');
  if (stop !== undefined) all.set('stop', true);
  return all;
}

function baseOf(url: string | URL): URL {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}
