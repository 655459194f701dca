/** The journal that is damaged: what a client leaves that is killed when its sink has taken a part of what came. */
import { existsSync } from 'node:fs';
import { serve } from '@runnel/server';
import { startClient } from './client-process.ts';
import { createFeed } from './feed.ts';
import { rowsAfter, textOf, withCopy } from './journal-files.ts';
import { scriptedSink } from './scripted-sink.ts';
import { until } from './until.ts';

const EVENTS = 2000;
/** So that the journal is in the file as well as in its log. */
const PADDING = 3000;
const DELIVERED = 400;
export const MAX_BATCH = 100;

/** Writes it at `journal`. */
export async function writeOriginal(journal: string): Promise<void> {
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
export function pendingIn(journal: string): ReadonlyMap<number, string> {
  return withCopy(journal, (db) => {
    const rows = db.prepare('SELECT n, bytes FROM envelopes WHERE n > (SELECT settled FROM sinks)').all();
    if (rows.length < EVENTS / 2) throw new Error(`only ${rows.length} events are pending in the journal`);
    return new Map(rows.map(({ n, bytes }) => [Number(n), textOf(bytes)]));
  });
}
