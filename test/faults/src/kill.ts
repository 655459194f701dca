/** `kill -9` cycles: one journal, one life of the client after another, each killed at a moment of chance while the sink does what chance says. EGRESS R1, 2.14. */
import { join } from 'node:path';
import { serve } from '@runnel/server';
import { type Client, startClient } from './client-process.ts';
import { createFeed, type Feed } from './feed.ts';
import { freshFolder, rowsAfter } from './journal-files.ts';
import { Oracle, type Verdict } from './oracle.ts';
import { type Random, seeded } from './random.ts';
import { type Arrived, type Reply, type ScriptedSink, scriptedSink } from './scripted-sink.ts';
import { until } from './until.ts';

export interface KillOptions {
  readonly cycles: number;
  /** Decides the faults and the moments; what the machine is doing meanwhile it does not decide. */
  readonly seed: number;
  /** Called after each cycle. */
  readonly progress?: (cycle: number) => void;
  /** Ends the run after the cycle under way; what was done until then is judged and reported. */
  readonly signal?: AbortSignal;
}

export interface KillReport extends Verdict {
  readonly seed: number;
  readonly cycles: number;
  readonly published: number;
  readonly requests: number;
  /** How often each moment and each answer was. */
  readonly happened: Readonly<Record<string, number>>;
  readonly msPerCycle: number;
}

const SESSIONS = ['north', 'south'] as const;
const MAX_BATCH = 40;
/** Back-off of a second is 50 ms, a time-out of 30 s is 1.5 s. */
const SPEED = 20;
/** A life whose moment does not come is killed after this long. */
const LONGEST_LIFE_MS = 700;

/** Runs the cycles, then lets a last client deliver what is left. The oracle's problems are in the report; rejects only if the run itself cannot go on. */
export async function killCycles({
  cycles: most,
  seed,
  progress = () => {},
  signal,
}: KillOptions): Promise<KillReport> {
  const began = performance.now();
  const folder = freshFolder();
  const run = new Run(seed, join(folder.path, 'journal.db'));
  // What is published while a client starts must still be there when it reads, however slow the machine is: what is tried here is the client.
  const server = await serve({ autocreate: true, keepMs: 120_000 });
  const sink = await scriptedSink((arrived) => run.answer(arrived));
  const feeds = SESSIONS.map((session) => createFeed(server.url, session, { rollMs: 200 }));
  try {
    let cycles = 0;
    while (cycles < most && !signal?.aborted) {
      await run.cycle(server.url, sink, feeds);
      progress(++cycles);
    }
    const msPerCycle = (performance.now() - began) / cycles;
    await run.finish(server.url, sink, feeds);
    const published = feeds.reduce((sum, feed) => sum + feed.published, 0);
    const { requests } = sink;
    return { seed, cycles, published, requests, happened: run.happened, msPerCycle, ...run.verdict(published) };
  } finally {
    run.stop();
    for (const feed of feeds) await feed.close();
    await sink.close();
    await server.close();
    folder.remove();
  }
}

/** When a life ends. */
type Moment =
  | { readonly kind: 'at a time'; readonly ms: number }
  | { readonly kind: 'before an answer' | 'after an answer'; readonly request: number };

class Run {
  readonly happened: Record<string, number> = {};
  readonly #random: Random;
  readonly #journal: string;
  readonly #oracle = new Oracle();
  readonly #problems: string[] = [];
  #life = 0;
  #alive: Client | undefined;
  #next: Client = startClient();
  #moment: Moment | undefined;
  #requests = 0;

  constructor(seed: number, journal: string) {
    this.#random = seeded(seed);
    this.#journal = journal;
  }

  /** One life of the client. */
  async cycle(server: string, sink: ScriptedSink, feeds: readonly Feed[]): Promise<void> {
    const client = await this.#takeNext();
    this.#moment = this.#chooseMoment();
    const longest = this.#moment.kind === 'at a time' ? this.#moment.ms : LONGEST_LIFE_MS;
    const timer = setTimeout(() => this.#kill('at a time'), longest);
    const bursts = feeds.map((feed) => this.#random.whole(0, 2) > 0 && feed.publish(this.#random.whole(1, 120)));
    // A client that is killed while it opens never says that it is open.
    client.open(this.#opening(server, sink)).catch(() => {});
    await Promise.all(bursts);
    await client.ended;
    clearTimeout(timer);
    if (this.#alive) this.#problems.push(`life ${this.#life} ended by itself: ${client.stderr}`);
    this.#alive = undefined;
    for (const warning of client.warnings) this.#problems.push(`life ${this.#life} warned: ${warning}`);
    this.#look();
  }

  /** A client that nobody kills, and a sink that takes everything. */
  async finish(server: string, sink: ScriptedSink, feeds: readonly Feed[]): Promise<void> {
    const client = await this.#takeNext();
    this.#moment = undefined;
    await client.open(this.#opening(server, sink));
    const published = feeds.reduce((sum, feed) => sum + feed.published, 0);
    await until(() => this.#oracle.arrived >= published, 60_000);
    const { sinks } = await client.close();
    this.#look();
    const [books] = sinks;
    if (books?.in !== published || books.out !== published || books.pending !== 0)
      this.#problems.push(`the books do not balance: ${published} published, ${JSON.stringify(books)}`);
  }

  verdict(published: number): Verdict {
    const verdict = this.#oracle.verdict();
    const problems = [...this.#problems, ...verdict.problems];
    if (verdict.committed !== published) problems.push(`${published} were published, ${verdict.committed} committed`);
    return { ...verdict, problems };
  }

  stop(): void {
    this.#alive?.kill();
    this.#next.kill();
  }

  /** What the sink does with a request, and the kill if this is its moment. */
  answer({ ids, headers }: Arrived): Reply {
    // A request that a killed client still had on the wire is lost there.
    if (headers['x-life'] !== String(this.#life) || !this.#alive) return { kind: 'reset' };
    this.#requests++;
    const moment = this.#moment;
    if (!moment) return this.#take(ids, { kind: 'status', status: 200 });
    if (moment.kind === 'at a time' || moment.request > this.#requests) return this.#chance(ids);
    if (moment.kind === 'after an answer')
      return this.#take(ids, { kind: 'status', status: 200, after: () => this.#kill(moment.kind) });
    if (this.#random.fraction() < 0.5) this.#oracle.taken(ids);
    this.#kill(moment.kind);
    return { kind: 'reset' };
  }

  #chance(ids: readonly string[]): Reply {
    const chance = this.#random.fraction();
    if (chance < 0.6) return this.#take(ids, { kind: 'status', status: 200 });
    if (chance < 0.7) return this.#count('503', { kind: 'status', status: 503 });
    if (chance < 0.75) return this.#count('hang', { kind: 'hang' });
    if (chance < 0.85) return this.#count('reset', { kind: 'reset' });
    const reply = this.#take(ids, this.#random.pick([{ kind: 'half' }, { kind: 'reset' }]));
    this.#oracle.interrupted();
    return this.#count(`taken, then ${reply.kind}`, reply);
  }

  #take(ids: readonly string[], reply: Reply): Reply {
    this.#oracle.taken(ids);
    return this.#count('taken', reply);
  }

  #count(what: string, reply: Reply): Reply {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
    return reply;
  }

  #kill(moment: Moment['kind']): void {
    if (!this.#alive) return;
    this.#alive.kill();
    this.#alive = undefined;
    this.#oracle.interrupted();
    const what = `killed ${moment}`;
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  #chooseMoment(): Moment {
    const kind = this.#random.pick<Moment['kind']>(['at a time', 'before an answer', 'after an answer']);
    if (kind === 'at a time') return { kind, ms: this.#random.whole(0, 250) };
    return { kind, request: this.#random.whole(1, 5) };
  }

  /** The one that waits, while another begins to load. */
  async #takeNext(): Promise<Client> {
    const client = this.#next;
    await client.ready;
    this.#next = startClient();
    this.#alive = client;
    this.#life++;
    this.#requests = 0;
    return client;
  }

  #opening(server: string, { url: sink }: ScriptedSink) {
    const journal = this.#journal;
    return { journal, server, sink, life: this.#life, sessions: SESSIONS, speed: SPEED, maxBatch: MAX_BATCH };
  }

  #look(): void {
    this.#oracle.committed(rowsAfter(this.#journal, this.#oracle.lastRow));
  }
}
