/** Connections that are cut, late or half open, between the client and the server and between the client and its sink. EGRESS 6.16, R2, R9, R10, R17. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayStatus } from '@runnel/client';
import { channelUrl, sessionChannels } from '@runnel/protocol';
import { readJsonl } from '@runnel/pubsub';
import { serve } from '@runnel/server';
import { startClient } from './client-process.ts';
import { createFeed } from './feed.ts';
import { freshFolder, rowsAfter } from './journal-files.ts';
import { Oracle } from './oracle.ts';
import { scriptedSink } from './scripted-sink.ts';
import { tcpProxy, type Weather } from './tcp-proxy.ts';
import { untilAsync } from './until.ts';

export interface Storm {
  readonly name: string;
  readonly link: 'server' | 'sink';
  readonly weather: Exclude<Weather, 'fair'>;
  /** The server forgets segments while the client cannot read them. Default false. */
  readonly forgets?: boolean;
}

export interface NetworkRow {
  readonly network: string;
  readonly published: number;
  readonly delivered: number;
  /** Left the server's window before the client could read them, or never came so far; as many as the client says that it missed. */
  readonly missed: number;
  readonly lost: number;
  readonly duplicates: number;
  /** From fair weather until all that was published before it was delivered, the longest. */
  readonly recoveredMs: number;
  readonly problems: readonly string[];
}

export const STORMS: readonly Storm[] = [
  { name: 'server cut', link: 'server', weather: 'cut' },
  { name: 'server slow', link: 'server', weather: 'slow' },
  { name: 'server half open', link: 'server', weather: 'silent' },
  { name: 'server cut, segments gone', link: 'server', weather: 'cut', forgets: true },
  { name: 'sink cut', link: 'sink', weather: 'cut' },
  { name: 'sink slow', link: 'sink', weather: 'slow' },
  { name: 'sink half open', link: 'sink', weather: 'silent' },
];

const SESSION = 'demo';
const ROUNDS = 2;
const BURST = 25;
const BURST_MS = 50;
const BURSTS = 20;
/** A body that says nothing is given up after 2 to 4 s, and a request after 3 s. */
const SPEED = 10;
/** Tells slow from never. */
const PATIENCE_MS = 60_000;

/** Plays one: fair weather, a storm of a second, fair weather, twice, with 500 events a second all the time. */
export async function weather({ name, link, weather, forgets = false }: Storm): Promise<NetworkRow> {
  const folder = freshFolder();
  const journal = join(folder.path, 'journal.db');
  const oracle = new Oracle({ gaps: true });
  const problems: string[] = [];
  let isFair = true;
  const sink = await scriptedSink(({ ids }) => {
    oracle.taken(ids);
    // The answer may not get through.
    if (!isFair && link === 'sink') oracle.interrupted();
    return { kind: 'status', status: 200 };
  });
  const server = await serve({ autocreate: true, ...(forgets ? { keepMs: 0, window: 2 } : { keepMs: 120_000 }) });
  const proxy = await tcpProxy(link === 'server' ? server.url : sink.url);
  const urls = { server: server.url, sink: sink.url, [link]: proxy.url };
  const feed = createFeed(server.url, SESSION, { rollMs: 50 });
  const client = startClient();
  const pings = pingsOf(server.url);
  const publish = async () => {
    for (let burst = 0; burst < BURSTS; burst++) {
      await feed.publish(BURST);
      await sleep(BURST_MS);
    }
  };
  const until = async (what: string, isSo: (status: RelayStatus) => boolean) => {
    const came = await untilAsync(async () => isSo(await client.look()), PATIENCE_MS);
    if (!came) problems.push(`${what}: not after ${PATIENCE_MS} ms: ${JSON.stringify(await client.look())}`);
  };
  const isDone = (status: RelayStatus) =>
    delivered(status) + missed(status) === feed.published && oracle.arrived === delivered(status);
  let recoveredMs = 0;
  try {
    await client.ready;
    await client.open({ journal, ...urls, life: 1, sessions: [SESSION], speed: SPEED, maxBatch: 100 });
    for (let round = 0; round < ROUNDS; round++) {
      await publish();
      await until('all before the storm is delivered', isDone);
      isFair = false;
      oracle.interrupted();
      proxy.turn(weather);
      await publish();
      proxy.turn('fair');
      isFair = true;
      const began = performance.now();
      const before = pings.count;
      const backlog = feed.published;
      await until('the backlog is delivered', (status) => delivered(status) + missed(status) >= backlog);
      recoveredMs = Math.max(recoveredMs, Math.round(performance.now() - began));
      await publish();
      await until('all is delivered after the storm', isDone);
      await until('the control channel is written after the storm', () => pings.count > before);
      oracle.committed(rowsAfter(journal, oracle.lastRow));
    }
    const status = await client.look();
    await client.close();
    problems.push(...client.warnings.map((warning) => `it warned: ${warning}`));
    const { arrived, lost, duplicates, gaps, problems: judged } = oracle.verdict();
    if (gaps !== missed(status)) problems.push(`${gaps} did not come, and the client says ${missed(status)}`);
    if (!forgets && gaps > feed.unacknowledged)
      problems.push(`${gaps} did not come, of which the server had acknowledged all but ${feed.unacknowledged}`);
    problems.push(...judged);
    const { published } = feed;
    return {
      network: name,
      published,
      delivered: arrived,
      missed: gaps,
      lost: lost.length,
      duplicates,
      recoveredMs,
      problems,
    };
  } finally {
    client.kill();
    pings.close();
    await proxy.close();
    await feed.close();
    await sink.close();
    await server.close();
    folder.remove();
  }
}

const delivered = ({ sinks }: RelayStatus) => sinks[0]?.out ?? 0;
const missed = ({ sessions }: RelayStatus) => sessions[0]?.sums.missed ?? 0;

/** Counts what comes on the control channel, read from the server itself. */
function pingsOf(server: string) {
  const reader = readJsonl(channelUrl(server, sessionChannels(SESSION).control), { waitForChannel: true });
  const pings = { count: 0, close: () => reader.close() };
  void (async () => {
    for await (const lines of reader) pings.count += lines.length;
  })();
  return pings;
}
