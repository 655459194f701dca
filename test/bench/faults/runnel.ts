/** Ours, the whole way: emit(), the channel on a server, the relay with its journal in a file, the http sink. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRelay, openJournal } from '@runnel/client';
import { httpSink } from '@runnel/egress/http';
import { createRunner } from '@runnel/runner';
import { serve } from '@runnel/server';
import type { Peer, Sender } from './peer.ts';

/** Reading what the runner wrote last takes moments; a server that is away would take longer than this. */
const PATIENCE_MS = 5_000;

const wire: Peer['wire'] = {
  linesOf: (body) => body.toString().split('\n').slice(0, -1),
  idOf: (line) => JSON.parse(line).data.tick,
};

export const runnel: Peer = {
  name: 'runnel',
  settings: 'defaults: a ring of 256 in the runner, journal in a file; close() with its 5 s',
  wire,
  start: (url, say) => start(url, say),
};

/** For a burst: the ring is as large as it. */
export const runnelRing: Peer = {
  name: 'runnel, buffer 10,000',
  settings: 'as runnel, but for the runner’s ring',
  wire,
  start: (url, say) => start(url, say, { buffer: 10_000 }),
};

async function start(url: string, say: (sentence: string) => void, options: { buffer?: number } = {}): Promise<Sender> {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-bench-'));
  const server = await serve({ autocreate: true });
  const journal = openJournal({ path: join(folder, 'journal.db'), onWarning: say });
  const relay = createRelay({ url: server.url, sinks: [httpSink({ url })], journal, onWarning: say });
  relay.open('demo');
  const runner = createRunner({ session: 'demo', url: server.url, ...options });
  return {
    send: (id) => runner.emit('tick', { tick: id }),
    async shutdown() {
      const { emitted, written, dropped } = await runner.close();
      // The client outlives its runner: it has read the rest when its books say so.
      const until = performance.now() + PATIENCE_MS;
      const had = () => relay.status().sessions[0]?.telemetry.relayed ?? 0;
      while (had() < written && performance.now() < until) await sleep(10);
      const { delivered, kept, dropped: refused } = await relay.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
      const evicted = Object.entries(dropped).map(
        ([reason, events]) => `, dropped by the runner ${events} (${reason})`,
      );
      return `emitted ${emitted}${evicted.join('')}, delivered ${delivered}, kept ${kept}, dropped ${refused}`;
    },
  };
}
