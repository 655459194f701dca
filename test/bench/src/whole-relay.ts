/** The whole way of an event in processes of their own: runner, server, client with its journal, and the sink at the end, which counts. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RelayStatus } from '@runnel/client';
import { removeFolder, temporaryFolder } from './folders.ts';
import { loadProgram } from './load.ts';
import { cpuOf } from './proc.ts';
import { type Running, start } from './program.ts';

/** What the sink has received since it was last asked to begin again; times from `emit` to here, in microseconds. */
export interface Tally {
  readonly events: number;
  readonly posts: number;
  readonly p50: number;
  readonly p99: number;
}

/** A rate for so many seconds, or so many events at full speed. */
export type Order = { readonly rate: number; readonly seconds: number } | { readonly events: number };

export interface WholeRelay {
  /** By role. */
  readonly processes: Readonly<Record<'runner' | 'server' | 'client' | 'sink', Running>>;
  /** Lets the runner emit, and resolves when everything has left it. Throws when it dropped any. */
  emit(order: Order): Promise<number>;
  /** Emits as fast as the client takes it in: so many events, or for so many seconds. The channel keeps 64 MiB; what is further ahead would be skipped. Resolves with how many they were. */
  flood(until: { readonly events: number } | { readonly seconds: number }): Promise<number>;
  tally(): Promise<Tally>;
  begin(): Promise<void>;
  /** Resolves when the sink has received so many. Throws when nothing came for a minute, or too many. */
  received(events: number): Promise<Tally>;
  /** After a collection of garbage. */
  client(): Promise<{ rss: number; heapUsed: number; status: RelayStatus }>;
  /** Processor time used so far, in microseconds, by role. */
  cpu(): Record<'runner' | 'server' | 'client' | 'sink', number>;
  close(): Promise<void>;
}

export interface WholeRelayOptions {
  /** Whether the journal is a file (default) or in memory. */
  readonly journal?: 'file' | 'memory';
  /** Paths at the sink, by the names of the client's sinks. Default: one that acknowledges. */
  readonly sinks?: Readonly<Record<string, '/events' | '/tee' | '/hung' | '/down'>>;
  /** How many sessions the client relays, each with a runner; events go to them in turns. Default 1. */
  readonly sessions?: number;
  /** Fills the envelope; 130 makes it about 300 B. */
  readonly noteBytes?: number;
}

const STALLED_MS = 60_000;
/** Between runner and client, at most: about 40 MB. */
const ON_THE_WAY = 100_000;
const PART = 10_000;

export async function wholeRelay(options: WholeRelayOptions = {}): Promise<WholeRelay> {
  const { journal = 'file', sinks = { http: '/events' }, sessions: count = 1, noteBytes = 130 } = options;
  const folder = temporaryFolder();
  const sessions = Array.from({ length: count }, (_, n) => `bench-${n}`);
  const sink = await start(await loadProgram(), ['sink']);
  const addresses: { ready: string; other: string } = JSON.parse(sink.ready);
  const base = `http://${addresses.ready}`;
  // Two sinks of one address share what the client knows of it: one that fails is another address.
  const urlOf = (path: string) => (path === '/events' ? base : `http://${addresses.other}`) + path;
  const server = await node('ours.ts', {});
  const url = `http://${JSON.parse(server.ready).ready}/`;
  const RELAY = JSON.stringify({
    url,
    sessions,
    sinks: Object.fromEntries(Object.entries(sinks).map(([name, path]) => [name, urlOf(path)])),
    ...(journal === 'file' && { journal: join(folder, 'relay.db') }),
  });
  const client = await node('relay.ts', { RELAY });
  const runner = await node('emitter.ts', { RUNNER: JSON.stringify({ url, sessions }), NOTE_BYTES: String(noteBytes) });
  const processes = { runner, server, client, sink };
  const emit = async (order: Order): Promise<number> => {
    runner.tell(JSON.stringify(order));
    const { emitted, dropped } = JSON.parse(await runner.heard());
    if (dropped !== 0) throw new Error(`the runner dropped ${dropped} of ${emitted} events`);
    return emitted;
  };
  const taken = async (): Promise<number> => {
    client.tell('taken');
    return JSON.parse(await client.heard()).taken;
  };
  const tally = async (): Promise<Tally> => (await fetch(`${base}/tally`)).json() as Promise<Tally>;

  return {
    processes,
    tally,
    emit,
    async flood(until) {
      const first = await taken();
      const end = performance.now() + ('seconds' in until ? until.seconds * 1000 : Number.POSITIVE_INFINITY);
      const most = 'events' in until ? until.events : Number.POSITIVE_INFINITY;
      let emitted = 0;
      for (let arrived = 0; emitted < most && performance.now() < end; arrived = (await taken()) - first) {
        const room = Math.min(ON_THE_WAY - (emitted - arrived), most - emitted, PART);
        if (room >= Math.min(PART, most - emitted)) emitted += await emit({ events: room });
        else await sleep(2);
      }
      return emitted;
    },
    async begin() {
      await fetch(`${base}/tally`, { method: 'DELETE' });
    },
    async received(events) {
      let [seen, since] = [-1, performance.now()];
      for (;;) {
        const now = await tally();
        if (now.events === events) return now;
        if (now.events > events) throw new Error(`${now.events} events arrived, ${events} were emitted`);
        if (now.events > seen) [seen, since] = [now.events, performance.now()];
        if (performance.now() - since > STALLED_MS) throw new Error(`${seen} of ${events} events arrived`);
        await sleep(5);
      }
    },
    async client() {
      client.tell('memory');
      return JSON.parse(await client.heard());
    },
    cpu: () => ({
      runner: cpuOf(runner.pid),
      server: cpuOf(server.pid),
      client: cpuOf(client.pid),
      sink: cpuOf(sink.pid),
    }),
    async close() {
      for (const each of [runner, client, server, sink]) await each.stop();
      removeFolder(folder);
    },
  };
}

const node = (file: string, env: Readonly<Record<string, string>>): Promise<Running> =>
  start(
    process.execPath,
    ['--conditions=source', '--expose-gc', fileURLToPath(new URL(`../servers/${file}`, import.meta.url))],
    { env },
  );
