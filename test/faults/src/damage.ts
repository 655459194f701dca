/** Damaged journals: what a killed client left is copied, cut and flipped, and a client is started on it. EGRESS 2.15, section 6 "torn, spliced or corrupt journal", R3. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Client, startClient } from './client-process.ts';
import { copyJournal, freshFolder } from './journal-files.ts';
import { MAX_BATCH, pendingIn, writeOriginal } from './original.ts';
import { seeded } from './random.ts';
import { scriptedSink } from './scripted-sink.ts';
import { intact, wreck } from './wreck.ts';

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
  /** One sentence for each journal of which something readable did not arrive. */
  readonly undelivered: readonly string[];
  /** One sentence for each start that failed, or did not say what it moved aside. */
  readonly problems: readonly string[];
}

/** Damages a journal again and again. Rejects only if the run itself cannot go on. */
export async function damagedJournals({ damages, seed, progress = () => {} }: DamageOptions): Promise<DamageReport> {
  const random = seeded(seed);
  const folder = freshFolder();
  const original = join(folder.path, 'original.db');
  await writeOriginal(original);
  const events = pendingIn(original);
  const sums = { movedAside: 0, pending: 0, readable: 0, delivered: 0 };
  const problems: string[] = [];
  const undelivered: string[] = [];
  let next = startClient();
  try {
    for (let done = 1; done <= damages; done++) {
      const client = next;
      next = startClient();
      const { path, remove } = freshFolder();
      const journal = join(path, 'journal.db');
      copyJournal(original, journal);
      const what = wreck(journal, random);
      const readable = intact(events, journal);
      const found = await start(client, journal);
      sums.movedAside += found.aside ? 1 : 0;
      sums.pending += events.size;
      sums.readable += readable.length;
      sums.delivered += [...events.values()].filter((line) => found.lines.has(line)).length;
      problems.push(...found.problems.map((problem) => `${done}, ${what}: ${problem}`));
      const missing = readable.filter((line) => !found.lines.has(line)).length;
      if (missing > 0)
        undelivered.push(`${done}, ${what}: ${missing} of ${readable.length} readable events were not delivered`);
      remove();
      progress(done);
    }
  } finally {
    next.kill();
    folder.remove();
  }
  return { seed, damages, ...sums, undelivered, problems };
}

/** Starts a client on the journal with a sink that takes everything and no session to read: what arrives was in the journal. */
async function start(client: Client, journal: string) {
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
  const aside = readdirSync(dirname(journal)).find(
    (name) => /\.damaged-[^.]*$/.test(name) && !/-(wal|shm)$/.test(name),
  );
  const told = client.warnings.some((warning) => warning.includes(`${basename(journal)}.damaged-`));
  if (Boolean(aside) !== told)
    problems.push(`moved aside: ${aside ?? 'nothing'}, and it said: ${client.warnings.join(' ') || 'nothing'}`);
  return { lines, aside, problems };
}
