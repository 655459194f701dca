/** The client's wall clock is set forward and back by an hour, while it waits and while it works. EGRESS 6.13, R15. */
import { join } from 'node:path';
import type { RelayStatus } from '@runnel/client';
import { serve } from '@runnel/server';
import { startClient } from './client-process.ts';
import { createFeed } from './feed.ts';
import { freshFolder, rowsAfter } from './journal-files.ts';
import { Oracle } from './oracle.ts';
import { scriptedSink } from './scripted-sink.ts';
import { untilAsync } from './until.ts';

export interface ClockReport {
  readonly steps: number;
  readonly published: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicates: number;
  /** What the sink asked for, and how long after its refusal the next request came, over a step of the clock. */
  readonly askedMs: number;
  readonly waitedMs: readonly number[];
  readonly problems: readonly string[];
}

const HOUR_MS = 3_600_000;
const STEPS_MS = [HOUR_MS, -HOUR_MS, -HOUR_MS, HOUR_MS];
const ASKED_S = 1;
/** Timers of the machine may fire a little early by another clock of it. */
const SLACK_MS = 20;
/** Tells slow from never. */
const PATIENCE_MS = 30_000;

/** Steps the clock of a client of its own. Rejects only if the run itself cannot go on. */
export async function clockSteps(): Promise<ClockReport> {
  const folder = freshFolder();
  const journal = join(folder.path, 'journal.db');
  const oracle = new Oracle();
  const problems: string[] = [];
  const waitedMs: number[] = [];
  let refusedAt: number | undefined;
  let refuses = false;
  const sink = await scriptedSink(({ ids }) => {
    if (refuses) {
      refuses = false;
      refusedAt = performance.now();
      return { kind: 'status', status: 503, headers: { 'retry-after': String(ASKED_S) } };
    }
    if (refusedAt !== undefined) waitedMs.push(Math.round(performance.now() - refusedAt));
    refusedAt = undefined;
    oracle.taken(ids);
    return { kind: 'status', status: 200 };
  });
  const server = await serve({ autocreate: true, keepMs: 120_000 });
  const feed = createFeed(server.url, 'demo', { rollMs: 100 });
  const client = startClient();
  const look = async () => {
    const status = await client.look();
    problems.push(...negatives(status).map((path) => `${path} is negative`));
    return status;
  };
  const until = async (what: string, isSo: (status: RelayStatus) => boolean) => {
    if (!(await untilAsync(async () => isSo(await look()), PATIENCE_MS)))
      problems.push(`${what}: not after ${PATIENCE_MS} ms: ${JSON.stringify(await client.look())}`);
  };
  const delivered = ({ sinks: [books] }: RelayStatus) => books?.out === feed.published;
  try {
    await client.ready;
    const opening = { journal, server: server.url, sink: sink.url, life: 1, speed: 1, maxBatch: 100 };
    // What is delivered is deleted by the wall clock; it is to be there still when the oracle looks.
    await client.open({ ...opening, sessions: ['demo'], bounds: { keepMs: 24 * HOUR_MS } });
    for (const ms of STEPS_MS) {
      await feed.publish(100);
      await until('all is delivered before the step', delivered);
      refuses = true;
      await feed.publish(100);
      await until('a batch is refused', () => refusedAt !== undefined);
      client.step(ms);
      await feed.publish(100);
      await until('all is delivered after the step', delivered);
      oracle.committed(rowsAfter(journal, oracle.lastRow));
    }
    await client.close();
    const { arrived, lost, duplicates, problems: judged } = oracle.verdict();
    const early = waitedMs.filter((ms) => ms < ASKED_S * 1000 - SLACK_MS);
    if (early.length > 0) problems.push(`asked to wait ${ASKED_S} s it came again after ${early} ms`);
    problems.push(...judged, ...client.warnings.map((warning) => `it warned: ${warning}`));
    const sums = { published: feed.published, delivered: arrived, lost: lost.length, duplicates };
    return { steps: STEPS_MS.length, ...sums, askedMs: ASKED_S * 1000, waitedMs, problems: [...new Set(problems)] };
  } finally {
    client.kill();
    await feed.close();
    await sink.close();
    await server.close();
    folder.remove();
  }
}

/** Where in a status there is a number below zero: no figure of it may be. */
function negatives(value: unknown, path = 'status'): string[] {
  if (typeof value === 'number') return value < 0 ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => negatives(inner, `${path}.${name}`));
}
