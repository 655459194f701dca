/** One client under one fault: what it was handed, what the service took, and what it cost. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scriptedSink } from '@runnel/faults/scripted-sink';
import type { Fault } from './fault.ts';
import type { Peer } from './peer.ts';
import type { Outcome, Said, Task } from './sender.ts';

export interface Row extends Outcome {
  readonly fault: string;
  readonly peer: string;
  readonly sent: number;
  /** Of `sent`, without those that the script lets nobody deliver. */
  readonly deliverable: number;
  /** Different events that the service took. */
  readonly delivered: number;
  readonly duplicates: number;
  readonly requests: number;
  /** Requests for each different batch: 1 is none repeated. */
  readonly amplification: number;
}

const SENDER = join(import.meta.dirname, 'sender.ts');
/** A client that has not ended by then is ended. */
const LONGEST_SHUTDOWN_MS = 90_000;
/** For what a client that has ended still has on the wire. */
const SETTLE_MS = 500;

/** Rejects if the client's process fails. */
export async function compare(peer: Peer, fault: Fault): Promise<Row> {
  let began: number | undefined;
  const taken: string[] = [];
  const batches = new Set<string>();
  const service = await scriptedSink((arrived) => {
    batches.add(arrived.ids.join());
    const reply = fault.reply(began === undefined ? 0 : performance.now() - began, arrived);
    if (reply.kind === 'half' || (reply.kind === 'status' && reply.status < 300)) taken.push(...arrived.ids);
    return reply;
  }, peer.wire);
  try {
    const outcome = await play(peer, fault, service.url, () => {
      began = performance.now();
    });
    await sleep(SETTLE_MS);
    const { requests } = service;
    const delivered = new Set(taken).size;
    return {
      fault: fault.name,
      peer: peer.name,
      sent: fault.events,
      deliverable: fault.events - fault.poison,
      delivered,
      duplicates: taken.length - delivered,
      requests,
      amplification: batches.size === 0 ? 0 : Math.round((requests / batches.size) * 100) / 100,
      ...outcome,
    };
  } finally {
    await service.close();
  }
}

async function play(peer: Peer, { events, rate, endMs }: Fault, url: string, begun: () => void): Promise<Outcome> {
  const child = fork(SENDER, { execArgv: ['--conditions=source'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const late = setTimeout(() => child.kill('SIGKILL'), endMs + LONGEST_SHUTDOWN_MS);
  let outcome: Outcome | undefined;
  child.on('message', (said: Said) => {
    if (said === 'begun') begun();
    else outcome = said;
  });
  let stderr = '';
  // Some say there what they also say elsewhere; it is shown where the process fails.
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  const task: Task = { peer: peer.name, url, events, rate: Number.isFinite(rate) ? rate : null, endMs };
  child.send(task);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(late);
  if (outcome) return outcome;
  if (signal === 'SIGKILL') return { shutdownMs: LONGEST_SHUTDOWN_MS, shutdown: 'did not end', errors: 0 };
  throw new Error(`${peer.name} ended with ${code}: ${stderr}`);
}
