// Every publisher with every server with every subscriber, for bytes and for JSON lines, in every scenario.

import { type Account, Books } from './books.ts';
import { go, ours, type Parties, python, pytrickle } from './implementations.ts';
import { play, SCENARIOS } from './scenario.ts';
import { linesPlan, type Plan, segmentsPlan } from './script.ts';
import { allowed, type Pairing, type Verdict, verdictOf } from './verdict.ts';

export interface Row extends Pairing {
  readonly verdict: Verdict;
  readonly allowed: readonly Verdict[];
  readonly account: Account;
  readonly ms: number;
  /** Why the run could not be played to its end. */
  readonly error?: string;
}

interface Entry extends Pairing {
  readonly parties: Parties;
}

const CLIENTS = [go, python, ours];

/** All pairings. pytrickle's clients meet only ours, since they share most habits with the gateway's. */
export function pairings(): Entry[] {
  const parties = [go, ours].flatMap((server) =>
    CLIENTS.flatMap((publisher) => CLIENTS.map((subscriber): Parties => ({ publisher, server, subscriber }))),
  );
  parties.push({ publisher: pytrickle, server: ours, subscriber: ours });
  parties.push({ publisher: ours, server: ours, subscriber: pytrickle });
  return (['bytes', 'jsonl'] as const).flatMap((kind) =>
    SCENARIOS.flatMap((scenario) =>
      parties.map((three) => ({
        publisher: three.publisher.name,
        server: three.server.name,
        subscriber: three.subscriber.name,
        kind,
        scenario,
        parties: three,
      })),
    ),
  );
}

/** Processes that were starved pass by what happens within seconds: a verdict that may not be is taken for true when it comes so often. */
const PLAYS = 3;

/** Plays the pairings, `atOnce` at a time, and hands each row over as it comes; one with a verdict it may not have is played again, and handed over each time. */
export async function playAll(
  entries: readonly Entry[],
  seed: number,
  atOnce: number,
  onRow: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  const left = entries.values();
  const work = async () => {
    for (const entry of left) {
      let row = await playOne(entry, seed);
      onRow(row);
      for (let plays = 1; plays < PLAYS && !row.allowed.includes(row.verdict); plays++) {
        row = await playOne(entry, seed);
        onRow(row);
      }
      rows.push(row);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return rows;
}

async function playOne({ parties, ...pairing }: Entry, seed: number): Promise<Row> {
  const began = performance.now();
  const plan = planFor(pairing, seed);
  const result = await play(pairing.scenario, plan, parties).catch((error: Error) => error);
  const failed = result instanceof Error;
  const account = (failed ? new Books(plan) : result).account();
  const ms = Math.round(performance.now() - began);
  const verdict = failed ? 'broken' : verdictOf(account);
  return { ...pairing, verdict, allowed: allowed(pairing), account, ms, ...(failed && { error: result.message }) };
}

function planFor({ kind, scenario }: Pairing, seed: number): Plan {
  const steady = scenario === 'steady';
  return kind === 'bytes' ? segmentsPlan(seed, steady ? 1000 : 150) : linesPlan(seed, steady ? 5000 : 600);
}
