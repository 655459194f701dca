/** What a client under a troubled disk lives between: a server, a runner, a sink, and the oracle that knows every id. */
import { join } from 'node:path';
import type { RelayStatus } from '@runnel/client';
import { serve } from '@runnel/server';
import { type Client, type Opening, startClient } from './client-process.ts';
import { createFeed } from './feed.ts';
import { rowsAfter, withCopy } from './journal-files.ts';
import { Oracle } from './oracle.ts';
import { scriptedSink } from './scripted-sink.ts';
import { untilAsync } from './until.ts';

/** Envelopes that wait in memory at most. */
export const MAX_WAITING = 500;
const SESSION = 'demo';
const PADDING = 500;
/** Back-off of a second is 0.2 s; a request has 6 s, so that one that is only late does not come twice. */
const SPEED = 5;
/** Tells slow from never. */
const PATIENCE_MS = 30_000;

/** Opens it around a journal at `folder`. The caller closes it. */
export async function diskWorld(folder: string, env: Readonly<Record<string, string>> = {}) {
  const journal = join(folder, 'journal.db');
  const oracle = new Oracle({ gaps: true });
  const problems: string[] = [];
  const warnings: string[] = [];
  let sinkIsUp = true;
  // What was published while nobody could commit it must still be there for the next client.
  const server = await serve({ autocreate: true, keepMs: 120_000 });
  const sink = await scriptedSink(({ ids }) => {
    if (!sinkIsUp) return { kind: 'status', status: 503 };
    oracle.taken(ids);
    return { kind: 'status', status: 200 };
  });
  const feed = createFeed(server.url, SESSION, { padding: PADDING, rollMs: 100 });
  let client: Client | undefined;
  let life = 0;

  const look = () => (client as Client).look();
  async function until(what: string, isSo: (status: RelayStatus) => boolean): Promise<void> {
    const came = await untilAsync(async () => isSo(await look()), PATIENCE_MS);
    if (!came) problems.push(`${what}: not after ${PATIENCE_MS} ms: ${JSON.stringify(await look())}`);
  }
  return {
    journal,
    oracle,
    problems,
    warnings,
    feed,
    look,
    until,
    setSink: (isUp: boolean) => {
      sinkIsUp = isUp;
    },
    /** Rejects if the client does not open. */
    async start(): Promise<void> {
      client = startClient(env);
      await client.ready;
      const opening: Opening = {
        journal,
        server: server.url,
        sink: sink.url,
        life: ++life,
        sessions: [SESSION],
        speed: SPEED,
        maxBatch: 100,
        bounds: { maxWaiting: MAX_WAITING },
      };
      await client.open(opening);
    },
    /** Publishes, and waits until the client has read it all. */
    async publish(count: number): Promise<void> {
      await feed.publish(count);
      await until(`${count} events are read`, (status) => read(status) === feed.published);
    },
    async stop(how: 'close' | 'kill'): Promise<void> {
      if (how === 'close') await (client as Client).close();
      else {
        (client as Client).kill();
        oracle.interrupted();
      }
      await (client as Client).ended;
      warnings.push(...(client as Client).warnings);
    },
    /** Tells the oracle what is committed. */
    audit: () => oracle.committed(rowsAfter(journal, oracle.lastRow)),
    isWhole: () => withCopy(journal, (db) => db.prepare('PRAGMA integrity_check').get()?.integrity_check === 'ok'),
    async close(): Promise<void> {
      client?.kill();
      await client?.ended;
      await feed.close();
      await sink.close();
      await server.close();
    },
  };
}

export type DiskWorld = Awaited<ReturnType<typeof diskWorld>>;

/** Events that a client has, in the journal, in memory, or counted as dropped. */
export const read = ({ sinks, journal }: RelayStatus) => (sinks[0]?.in ?? 0) + journal.waiting;
