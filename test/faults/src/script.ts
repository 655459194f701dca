/** Scripted faults of a sink, through the relay with its journal in memory, on a clock that is moved by hand: minutes pass in moments. EGRESS R6, R7. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRelay } from '@runnel/client';
import { httpSink } from '@runnel/egress/http';
import { ManualClock } from '@runnel/protocol/testing';
import { fetchTransport } from '@runnel/pubsub';
import { createTrickle } from '@runnel/server';
import { createFeed, partsOf } from './feed.ts';
import type { Scenario } from './scenarios.ts';
import { scriptedSink } from './scripted-sink.ts';

export interface Row {
  readonly fault: string;
  readonly sent: number;
  /** Different events that the sink took. */
  readonly delivered: number;
  /** Refused for ever, and told so. */
  readonly dead: number;
  readonly duplicates: number;
  readonly inOrder: boolean;
  readonly requests: number;
  /** From the first event until nothing was pending, on the relay's clock. */
  readonly seconds: number;
  readonly ok: boolean;
}

const EVENTS = 1000;
const BURST = 50;
const BURST_MS = 1000;
const STEP_MS = 50;
/** Longer than any back-off of the lane: what is pending then is stuck. */
const LONGEST_MS = 600_000;

/** Plays one scenario: 1,000 events, 50 a second. */
export async function play({ name, reply, later, poison = 0 }: Scenario): Promise<Row> {
  const clock = new ManualClock();
  const taken: string[] = [];
  const service = await scriptedSink((arrived) => {
    const answer = reply(clock.now(), arrived);
    if (answer.kind === 'half' || (answer.kind === 'status' && answer.status < 300)) taken.push(...arrived.ids);
    return answer;
  });
  const trickle = createTrickle({ autocreate: true, clock });
  const transport = fetchTransport(trickle.fetch);
  const sink = httpSink({ url: service.url, key: 'old', clock });
  const server = 'http://trickle.test/';
  const relay = createRelay({ url: server, sinks: [sink], transport, clock, onWarning: () => {} });
  relay.open('demo');
  const feed = createFeed(server, 'demo', { transport, clock });
  let changed = false;
  while (clock.now() < LONGEST_MS) {
    if (feed.published < EVENTS && clock.now() >= (feed.published / BURST) * BURST_MS) await feed.publish(BURST);
    if (later && !changed && clock.now() >= later.ms) {
      later.change(sink);
      changed = true;
    }
    // The sockets are real: they get a moment of real time for each step of the clock.
    await sleep(1);
    clock.advance(STEP_MS);
    const books = relay.status().sinks[0];
    if (books?.in === EVENTS && books.pending === 0) break;
  }
  const seconds = clock.now() / 1000;
  const [books] = relay.status().sinks;
  const dead = books?.dropped.refused ?? 0;
  const closing = Promise.all([relay.close({ deadlineMs: 100 }), feed.close(), trickle.stop()]);
  for (let closed = false; !closed; clock.advance(STEP_MS))
    closed = await Promise.race([closing.then(() => true), sleep(1, false)]);
  await service.close();
  return { ...judged(name, taken, dead, poison), requests: service.requests, seconds };
}

function judged(fault: string, taken: readonly string[], dead: number, poison: number) {
  const unique = [...new Set(taken)];
  const inOrder = unique.every((id, at) => at === 0 || partsOf(id).n > partsOf(unique[at - 1] as string).n);
  const ok = unique.length === EVENTS - poison && dead === poison && inOrder;
  return { fault, sent: EVENTS, delivered: unique.length, dead, duplicates: taken.length - unique.length, inOrder, ok };
}
