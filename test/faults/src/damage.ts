/** Damaged journals: what a killed client left is copied, cut and flipped, and a client is started on it. EGRESS 2.15, section 6 "torn, spliced or corrupt journal", R3. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { serve } from '@runnel/server';
import { type Client, startClient } from './client-process.ts';
import { createFeed } from './feed.ts';
import { copyJournal, freshFolder, rowsAfter, withCopy } from './journal-files.ts';
import { type Random, seeded } from './random.ts';
import { scriptedSink } from './scripted-sink.ts';
import { until } from './until.ts';

export interface DamageOptions {
  readonly damages: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

export interface DamageReport {
  readonly seed: number;
  readonly damages: number;
  /** How many journals were moved aside. */
  readonly movedAside: number;
  /** Undelivered events over all journals, as they were before they were damaged. */
  readonly pending: number;
  /** Of those, the ones that SQLite could still give, one by one; and the ones that arrived. */
  readonly readable: number;
  readonly delivered: number;
  readonly problems: readonly string[];
}

const EVENTS = 2000;
/** So that the journal is in the file as well as in its log. */
const PADDING = 3000;
const DELIVERED = 400;
const MAX_BATCH = 100;

/** Damages a journal again and again. Rejects only if the run itself cannot go on. */
export async function damagedJournals({ damages, seed, progress = () => {} }: DamageOptions): Promise<DamageReport> {
  const random = seeded(seed);
  const folder = freshFolder();
  const original = join(folder.path, 'original.db');
  await writeOriginal(original);
  const events = pendingIn(original);
  const sums = { movedAside: 0, pending: 0, readable: 0, delivered: 0 };
  const problems: string[] = [];
  let next = startClient();
  try {
    for (let done = 1; done <= damages; done++) {
      const client = next;
      next = startClient();
      const { path, remove } = freshFolder();
      const journal = join(path, 'journal.db');
      copyJournal(original, journal);
      const what = damage(journal, random);
      const readable = intact(events, journal);
      const found = await start(client, journal, readable);
      sums.movedAside += found.aside ? 1 : 0;
      sums.pending += events.size;
      sums.readable += readable.length;
      sums.delivered += [...events.values()].filter((line) => found.lines.has(line)).length;
      problems.push(...found.problems.map((problem) => `${done}, ${what}: ${problem}`));
      remove();
      progress(done);
    }
  } finally {
    next.kill();
    folder.remove();
  }
  return { seed, damages, ...sums, problems };
}

/** What a client leaves that is killed when its sink has taken a part of what came. */
async function writeOriginal(journal: string): Promise<void> {
  const client = startClient();
  const server = await serve({ autocreate: true });
  let taken = 0;
  const sink = await scriptedSink(({ ids }) => {
    if (taken >= DELIVERED) return { kind: 'status', status: 503 };
    taken += ids.length;
    return { kind: 'status', status: 200 };
  });
  const feed = createFeed(server.url, 'demo', { padding: PADDING });
  try {
    await client.ready;
    const opening = { journal, server: server.url, sink: sink.url, life: 1, speed: 1, maxBatch: MAX_BATCH };
    await client.open({ ...opening, sessions: ['demo'] });
    for (let part = 0; part < 20; part++) await feed.publish(EVENTS / 20);
    await until(() => existsSync(journal) && rowsAfter(journal, EVENTS - 1).length === 1, 30_000);
  } finally {
    client.kill();
    await client.ended;
    await feed.close();
    await sink.close();
    await server.close();
  }
}

/** The events that the sink has not had, by row. */
function pendingIn(journal: string): ReadonlyMap<number, string> {
  return withCopy(journal, (db) => {
    const rows = db.prepare('SELECT n, bytes FROM envelopes WHERE n > (SELECT settled FROM sinks)').all();
    if (rows.length < EVENTS / 2) throw new Error(`only ${rows.length} events are pending in the journal`);
    return new Map(rows.map(({ n, bytes }) => [Number(n), textOf(bytes)]));
  });
}

/** Cuts or flips bytes of the journal or of its log; returns what it did. */
function damage(journal: string, random: Random): string {
  const file = random.pick(['', '-wal']);
  const bytes = readFileSync(journal + file);
  const name = file === '' ? 'the journal' : 'its log';
  if (random.fraction() < 0.4) {
    const length = random.whole(0, bytes.length - 1);
    writeFileSync(journal + file, bytes.subarray(0, length));
    return `${name} cut to ${length} of ${bytes.length} bytes`;
  }
  // Half of them near the beginning, where the tables' own pages are.
  const within = random.fraction() < 0.5 ? Math.min(65_536, bytes.length) : bytes.length;
  const places = Array.from({ length: random.pick([1, 8, 64]) }, () => random.whole(0, within - 1));
  for (const at of places) bytes[at] = (bytes[at] as number) ^ random.whole(1, 255);
  writeFileSync(journal + file, bytes);
  return `${name} with ${places.length} of its first ${within} bytes flipped`;
}

/** The events that can be read as they were, asked for one by one, behind what the damaged journal says was delivered. */
function intact(events: ReadonlyMap<number, string>, journal: string): readonly string[] {
  try {
    return withCopy(journal, (db) => {
      const settled = settledIn(db);
      const one = db.prepare('SELECT bytes FROM envelopes WHERE n = ?');
      return [...events].filter(([n, line]) => n > settled && isIntact(one, n, line)).map(([, line]) => line);
    });
  } catch {
    return []; // Not even its tables can be read.
  }
}

function isIntact(one: ReturnType<DatabaseSync['prepare']>, n: number, line: string): boolean {
  try {
    return textOf(one.get(n)?.bytes) === line;
  } catch {
    return false;
  }
}

function settledIn(db: DatabaseSync): number {
  try {
    return Number(db.prepare('SELECT settled FROM sinks').get()?.settled ?? 0);
  } catch {
    return 0;
  }
}

/** Starts a client on the journal with a sink that takes everything and no session to read: what arrives was in the journal. */
async function start(client: Client, journal: string, readable: readonly string[]) {
  const lines = new Set<string>();
  const sink = await scriptedSink((arrived) => {
    for (const line of arrived.lines) lines.add(line);
    return { kind: 'status', status: 200 };
  });
  const problems: string[] = [];
  try {
    await client.ready;
    const server = 'http://127.0.0.1:9/';
    await client.open({ journal, server, sink: sink.url, life: 1, sessions: [], speed: 1, maxBatch: MAX_BATCH });
    await client.close();
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    client.kill();
    await sink.close();
  }
  const missing = readable.filter((line) => !lines.has(line)).length;
  if (missing > 0) problems.push(`${missing} of ${readable.length} readable events were not delivered`);
  const aside = readdirSync(dirname(journal)).find(
    (name) => /\.damaged-[^.]*$/.test(name) && !/-(wal|shm)$/.test(name),
  );
  const told = client.warnings.some((warning) => warning.includes(`${basename(journal)}.damaged-`));
  if (Boolean(aside) !== told)
    problems.push(`moved aside: ${aside ?? 'nothing'}, and it said: ${client.warnings.join(' ') || 'nothing'}`);
  return { lines, aside, problems };
}

const textOf = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
